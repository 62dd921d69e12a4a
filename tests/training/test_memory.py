"""Memory of a training step."""

from dataclasses import replace

import pytest

from crossvox.acceleration.compute import Compute
from crossvox.synthesis.catalogue import method_names
from crossvox.training.experiment import Experiment, read_experiment
from crossvox.training.memory import step_bytes

CPU = Compute(device="cpu", bf16=False)
OPEN = {"cohort.source": ["FLAIR"], "cohort.target": "T1w"}


def experiment(name: str) -> Experiment:
    return read_experiment(None, defaults={**OPEN, "method.name": name})


@pytest.mark.parametrize("name", method_names())
@pytest.mark.slow
def test_a_step_of_twice_the_patches_takes_almost_twice_the_memory(name: str) -> None:
    two, four, eight = (
        step_bytes(experiment(name), (32, 32, 32), patches=patches, compute=CPU)
        for patches in (2, 4, 8)  # with one the peak may lie in the weights' gradients
    )
    # weights, gradients and optimizers stay; what is above them doubles
    assert four - two == pytest.approx((eight - four) / 2, rel=0.05)


def test_bfloat16_takes_less() -> None:
    fast = Compute(device="cpu", bf16=True)
    exact, lowered = (
        step_bytes(experiment("gan3d"), (64, 64, 64), patches=1, compute=one) for one in (CPU, fast)
    )
    assert lowered < 0.75 * exact  # weights, gradients and optimizers stay float32


def test_recomputing_takes_less() -> None:
    plain = experiment("gan3d")
    recomputing = replace(plain, training=replace(plain.training, recompute="blocks"))
    kept, again = (
        step_bytes(one, (64, 64, 64), patches=1, compute=CPU) for one in (plain, recomputing)
    )
    assert again < 0.9 * kept
