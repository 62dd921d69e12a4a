"""Estimated seconds of a step."""

import pytest
import torch

from crossvox.acceleration.compute import Compute
from crossvox.synthesis.catalogue import method_names
from crossvox.training.experiment import Sizes, read_experiment
from crossvox.training.pace import estimated_seconds_per_step

CPU = Compute(device="cpu", bf16=False)
SMALL = {"width": 4, "depth": 2, "discriminator_width": 4, "blocks": [1, 1]}


def seconds(name: str, *, patch: Sizes, batch: int = 1) -> float:
    open_experiment = {"cohort.source": ["FLAIR"], "cohort.target": "T1w", "method.name": name}
    known = read_experiment(None, defaults=open_experiment).method_settings
    small = {f"method.{key}": value for key, value in SMALL.items() if key in known}
    experiment = read_experiment(None, defaults={**open_experiment, **small})
    return estimated_seconds_per_step(experiment, patch=patch, batch=batch, compute=CPU)


@pytest.mark.parametrize("name", method_names())
def test_steps_of_every_method_are_timed(name: str) -> None:
    assert seconds(name, patch=(32, 32, 16)) > 0


def test_a_step_of_many_patches_takes_many_times_as_long() -> None:
    one = seconds("gan3d", patch=(32, 32, 32))
    many = seconds("gan3d", patch=(64, 64, 32), batch=64)
    # 256 times the voxels; other work on the machine may slow either down
    assert 50 * one < many < 1300 * one


def test_threads_are_as_before() -> None:
    threads = torch.get_num_threads()
    seconds("gan3d", patch=(16, 16, 16))
    assert torch.get_num_threads() == threads
