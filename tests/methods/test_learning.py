"""Every method of `methods/` learns, and goes on where it stopped."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from crossvox.cohort import Case, read_cohort
from crossvox.contract import Batch
from crossvox.files import read_volume
from crossvox.preparation.intensity import PERCENTILES, foreground_limits
from crossvox.synthesis.catalogue import build_method, method_names, method_settings
from crossvox.training.checkpoint import newest_checkpoint
from crossvox.training.experiment import read_experiment
from crossvox.training.train import train

# For 32 voxels a side on one thread; what a method does not know is left out, and a method that
# is not named learns with its own defaults.
SMALL: dict[str, object] = {
    "depth": 2,
    "blocks": (1, 1, 1),
    "discriminator_width": 4,
    "discriminator_levels": 2,
}
OVERFITTING: dict[str, dict[str, object]] = {
    "gan3d": {"width": 8, "l1_weight": 100.0, "learning_rate": 1e-3},
    "regression3d": {"width": 8, "learning_rate": 3e-3},
    "pix2pix2d": {"width": 16, "depth": 5, "learning_rate": 2e-3, "dropout": "off"},
    "ddpm3d": {"width": 8, "depth": 1, "learning_rate": 5e-3},
}
TINY: dict[str, object] = {**SMALL, "width": 4, "sampling_steps": 2}
RUN: dict[str, object] = {
    "cohort.source": ["FLAIR"],
    "cohort.target": "T1w",
    "cohort.check": False,
    "training.patch": [16, 16, 16],
    "training.batch": 2,
    "training.validate_every": 4,
    "training.precision": "32-true",
    "training.ema": 0.9,
}
MOST_STEPS, WINDOW, FALL, SECONDS = 250, 10, 5, 90

pytestmark = pytest.mark.parametrize("name", method_names())


def two_pairs(cohort: Path) -> Batch:
    """Two phantom pairs at network scale."""
    cases = read_cohort(cohort, modalities=("FLAIR", "T1w"))[:2]

    def scaled(modality: str) -> torch.Tensor:
        return torch.from_numpy(np.stack([_scaled(case, modality) for case in cases])[:, None])

    source, target = scaled("FLAIR"), scaled("T1w")
    return Batch(source=source, target=target, mask=torch.ones_like(target))


def _scaled(case: Case, modality: str) -> NDArray[np.float32]:
    voxels = read_volume(case.images[modality]).voxels
    low, high = foreground_limits(voxels, percentiles=PERCENTILES)
    scaled: NDArray[np.float32] = np.clip(2 * (voxels - low) / (high - low) - 1, -1, 1)
    return scaled.astype(np.float32)


def error_of(name: str, batch: Batch) -> Callable[[int], float]:
    """One more step, and what is left between synthesized and target (a diffusion: its loss)."""
    torch.manual_seed(0)
    known = method_settings(name, {})
    settings = {key: value for key, value in SMALL.items() if key in known}
    method = build_method(name, settings | OVERFITTING.get(name, {}), sources=1)
    optimizers = method.optimizers()

    def step(number: int) -> float:
        torch.manual_seed(number)
        for objective in method.objectives(batch):
            objective.loss.backward()
            optimizers[objective.network].step()
            optimizers[objective.network].zero_grad()
            last = objective
        return last.terms.get("l1", last.loss.detach()).item()

    return step


@pytest.mark.slow
def test_two_pairs_are_learned_by_heart(name: str, cohort_folder: Path) -> None:
    step = error_of(name, two_pairs(cohort_folder))
    begun, errors = time.process_time(), [0.0]
    first = step(0)
    for number in range(1, MOST_STEPS):
        errors.append(step(number))
        if len(errors) > WINDOW and np.mean(errors[-WINDOW:]) < first / FALL:
            break
    assert np.mean(errors[-WINDOW:]) < first / FALL
    assert time.process_time() - begun < SECONDS


@pytest.mark.slow
def test_a_run_in_two_parts_ends_like_one(name: str, cohort_folder: Path, tmp_path: Path) -> None:
    cases = read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))
    known = method_settings(name, {})
    method = {f"method.{key}": value for key, value in TINY.items() if key in known}

    def state(folder: str, *parts: int) -> Mapping[str, torch.Tensor]:
        for steps in parts:
            given = RUN | method | {"method.name": name, "training.steps": steps}
            experiment = read_experiment(None, defaults=given)
            train(cases, tmp_path / folder, experiment)
        checkpoint = newest_checkpoint(tmp_path / folder / "checkpoint")
        assert checkpoint is not None
        return checkpoint.tensors

    whole, parted = state("whole", 4), state("parted", 2, 4)
    assert whole.keys() == parted.keys()
    assert [key for key, value in whole.items() if not torch.equal(value, parted[key])] == []
