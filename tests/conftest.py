"""Cohorts and runs shared by several tests, which must not change them."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from crossvox.cohort import read_cohort
from crossvox.files import write_volume
from crossvox.phantoms.folder import write_phantom
from crossvox.phantoms.settings import PhantomSettings
from crossvox.training.experiment import Experiment, read_experiment
from crossvox.training.train import Trained, train
from crossvox.variants.variant import Setting
from crossvox.volume import Grid, Volume

pytest_plugins = ("balls",)  # fixtures of tests/balls.py

TINY = {
    "cohort.source": ["FLAIR"],
    "cohort.target": "T1w",
    "cohort.check": False,
    "method.width": 4,
    "method.depth": 2,
    "method.discriminator_width": 4,
    "method.discriminator_levels": 2,
    "training.steps": 6,
    "training.decay_share": 0.0,  # runs resumed for more steps are compared bit by bit
    "training.patch": [16, 16, 16],
    "training.batch": 2,
    "training.validate_every": 3,
    "training.checkpoint_every": 2,
    "training.report_every": 2,
    "training.precision": "32-true",
}

# Tests run in parallel: one thread each, also in the processes that they start.
torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def tiny() -> Callable[..., Experiment]:
    """Function that reads a small experiment, with changes written as for --set."""

    def experiment(*changes: str) -> Experiment:
        return read_experiment(None, defaults=TINY, changes=changes)

    return experiment


@pytest.fixture(scope="session")
def cohort_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six phantom people of 32 voxels a side: FLAIR, T1w and T2w."""
    folder = tmp_path_factory.mktemp("cohort")
    settings = PhantomSettings(size=32, modalities=("FLAIR", "T1w", "T2w"))
    write_phantom(folder, cases=6, settings=settings)
    return folder


@pytest.fixture(scope="session")
def trained(cohort_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Tiny run of six steps."""
    cases = read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))
    experiment = read_experiment(None, defaults=TINY)
    return train(cases, tmp_path_factory.mktemp("run"), experiment)


@pytest.fixture
def small() -> Setting:
    """Smallest benchmark setting that the networks allow."""
    return Setting(
        sizes=(32, 32, 32),
        width=2,
        threads=1,
        discriminator_width=4,
        window=(32, 32, 16),
        convolution_side=8,
    )


@pytest.fixture(scope="session")
def some_volume() -> Volume:
    """Small volume for tests in which voxel values do not matter."""
    voxels = np.random.default_rng(0).random((4, 4, 4)).astype(np.float32)
    return Volume(voxels, Grid((4, 4, 4), np.eye(4)))


@pytest.fixture
def place(tmp_path: Path, some_volume: Volume) -> Callable[..., Path]:
    """Function that writes a volume at each name below the test's folder and returns the folder."""

    def write(*names: str) -> Path:
        for name in names:
            write_volume(tmp_path / name, some_volume)
        return tmp_path

    return write
