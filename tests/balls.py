"""Fixtures of a tiny BIDS cohort of structured balls."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from crossvox.evaluation import Evaluation, EvaluationSettings, evaluate
from crossvox.files import write_volume
from crossvox.networks.inception import InceptionV3
from crossvox.scoring import find_pairs, read_run
from crossvox.volume import Grid, Volume

SHAPE = (22, 24, 14)
SPACING_MM = (2.0, 2.0, 4.0)
PEOPLE = ("sub-01", "sub-02", "sub-03_ses-1", "sub-03_ses-2")

Write = Callable[..., Path]


def head(seed: int) -> NDArray[np.float32]:
    """Bright ball with soft structure in a dark, faintly noisy volume."""
    generator = np.random.default_rng(seed)
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, size) for size in SHAPE), indexing="ij")
    ball = x**2 + y**2 + z**2 < 0.75
    inside = 400 + 120 * np.sin(5 * x + seed) * np.cos(4 * y) + 60 * np.cos(6 * z)
    return np.asarray(np.where(ball, inside, generator.uniform(0, 4, SHAPE)), dtype=np.float32)


@pytest.fixture(scope="session")
def grid() -> Grid:
    return Grid(SHAPE, np.diag([*SPACING_MM, 1.0]))


@pytest.fixture(scope="session")
def make_head() -> Callable[[int], NDArray[np.float32]]:
    return head


@pytest.fixture(scope="session")
def write(grid: Grid) -> Write:
    def write_voxels(path: Path, voxels: NDArray[np.float32], *, on: Grid = grid) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_volume(path, Volume(voxels.astype(np.float32), on))
        return path

    return write_voxels


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Paths of the tiny cohort."""

    synthesized: Path
    reference: Path
    mean_target: Path
    run: Path


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory, write: Write) -> Cohort:
    root = tmp_path_factory.mktemp("cohort")
    for seed, name in enumerate(PEOPLE):
        folder = Path(*name.split("_"), "anat")
        reference = head(seed)
        noise = np.random.default_rng(seed).normal(0, 10 + 5 * seed, SHAPE)
        made = root / "synthesized" / folder / f"{name}_desc-synth_T1w.nii.gz"
        write(root / "bids" / folder / f"{name}_T1w.nii.gz", reference)
        write(root / "bids" / folder / f"{name}_FLAIR.nii.gz", 700 - reference)
        write(made, reference + noise)
        sidecar = {"Model": "gan3d", "Version": "0.1.0", "Sources": [f"{name}_FLAIR.nii.gz"]}
        made.with_name(f"{name}_desc-synth_T1w.json").write_text(json.dumps(sidecar))
    write(root / "bids" / "sub-04" / "anat" / "sub-04_T1w.nii.gz", head(9))
    mean = np.mean([head(seed) for seed in range(4)], axis=0)
    run = root / "run"
    run.mkdir()
    run.joinpath("experiment.toml").write_text('[method]\nname = "gan3d"\n')
    rows = (
        "step,generator,seconds_per_step,validation_mae\n0,2.5,0.1,\n10,2.0,0.1,40\n20,1.5,0.1,\n"
    )
    run.joinpath("progress.csv").write_text(rows)
    return Cohort(
        synthesized=root / "synthesized",
        reference=root / "bids",
        mean_target=write(root / "mean.nii.gz", mean),
        run=run,
    )


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained Inception weights of the right shapes."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(InceptionV3().state_dict(), path)
    return path


@pytest.fixture(scope="session")
def evaluated(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    pairing = find_pairs(cohort.synthesized, cohort.reference, source_modality="FLAIR")
    settings = EvaluationSettings(mean_target=cohort.mean_target, run=read_run(cohort.run))
    return evaluate(pairing, tmp_path_factory.mktemp("evaluation"), settings=settings)
