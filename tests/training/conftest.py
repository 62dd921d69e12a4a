"""Runs of two scalings, in which the engine can be watched step by step."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from lightning_fabric import Fabric

from crossvox.training.engine import Run
from crossvox.training.experiment import read_experiment
from crossvox.training.patches import PatchSampler
from crossvox.training.planned import planned_training
from crossvox.training.prepared import STEPS_PER_UNIT, PreparedCase
from scalings import DEFAULTS, STOPPED, Kept, Pair, Train


@pytest.fixture
def sampler(tmp_path: Path) -> PatchSampler:
    random = np.random.default_rng(0)
    cases = []
    for name in "abc":
        voxels = random.integers(-STEPS_PER_UNIT, STEPS_PER_UNIT, (3, 4, 4, 4)).astype(np.int16)
        voxels[-1] = 1
        np.save(tmp_path / f"{name}.npy", voxels)
        cases.append(PreparedCase(name=name, path=tmp_path / f"{name}.npy"))
    return PatchSampler(cases=cases, patch=(4, 4, 4), batch=2, flip_share=0.5, seed=0)


@pytest.fixture
def train(sampler: PatchSampler, tmp_path: Path) -> Train:
    """A run in a folder, with changes of its training; `scores` are what validation says."""

    def run(
        folder: str,
        *changes: str,
        scores: list[float] | None = None,
        kind: type[Pair] = Pair,
        lost: bool = False,
    ) -> tuple[Pair, Kept]:
        told, kept, method = iter(scores or ()), Kept(), kind()
        fabric = Fabric(accelerator="cpu", devices=1)
        fabric.launch()

        def score() -> float:
            following = next(told)
            if following == STOPPED:
                os.kill(os.getpid(), signal.SIGTERM)
            return following

        asked = [f"training.{change}" for change in changes]
        Run(
            fabric=fabric,
            method=method,
            sampler=sampler,
            settings=planned_training(
                read_experiment(None, defaults=DEFAULTS, changes=asked).training
            ),
            folder=tmp_path / folder,
            validate=None if scores is None else lambda _: {"ssim": score()},
            save_weights=kept.keep,
            report=kept.report,
            holds_weights=lambda: not lost,
        ).train()
        return method, kept

    return run
