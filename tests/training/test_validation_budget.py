"""Validations that cost at most a tenth of the training."""

from typing import Any

import pytest

from crossvox.synthesis.catalogue import build_method, method_names
from crossvox.training.experiment import Sizes
from crossvox.training.validation_budget import (
    SHARE,
    share_of_training,
    validate_every,
    validation_in_steps,
)

SMALL: dict[str, dict[str, Any]] = {
    "ddpm3d": {"width": 4, "depth": 2, "sampling_steps": 50},
    "gan3d": {"width": 4, "depth": 2, "discriminator_width": 4},
    "pix2pix2d": {"width": 4, "depth": 4, "discriminator_width": 4},
    "regression3d": {"width": 4, "blocks": (1, 1)},
}
PEOPLE: tuple[Sizes, ...] = ((64, 64, 64), (64, 64, 64))


def cost(name: str, *, patch: Sizes = (64, 64, 64), people: tuple[Sizes, ...] = PEOPLE) -> float:
    method = build_method(name, SMALL.get(name, {}), sources=1)
    return validation_in_steps(method, people, patch=patch, batch=1)


def test_a_validation_is_counted_in_passes_of_voxels() -> None:
    # a step is 3 passes for each network that learns, a validation 1 (or 50) for each volume
    assert cost("regression3d") == pytest.approx(2 / 3)
    assert cost("gan3d") == pytest.approx(2 / 6)
    assert cost("ddpm3d") == pytest.approx(2 * 50 / 3)
    assert cost("gan3d", people=()) == 0
    assert cost("gan3d", patch=(32, 32, 32)) == pytest.approx(8 * 2 / 6)


def test_windows_that_overlap_are_counted_as_often_as_they_are_synthesized() -> None:
    # instance norm sees no more than its patch: 3 windows of 32 along each axis of 64
    assert cost("regression3d", patch=(32, 32, 32)) == pytest.approx(27 * 2 / 3)


@pytest.mark.parametrize("name", method_names())
@pytest.mark.parametrize("steps", [200, 3000, 100_000])
def test_planned_validations_cost_at_most_a_tenth_of_any_methods_training(
    name: str, steps: int
) -> None:
    validation = cost(name)
    every = validate_every(steps, validation=validation, report_every=50)
    share = share_of_training(steps, every=every, validation=validation)
    assert share <= SHARE or every == steps
    assert 1 <= steps / every <= 20


def test_a_validation_that_is_dearer_than_a_tenth_comes_once_at_the_end() -> None:
    assert validate_every(300, validation=33, report_every=50) == 300
    assert share_of_training(300, every=300, validation=33) == pytest.approx(0.11)


def test_validations_fall_on_rows_of_progress() -> None:
    assert validate_every(3000, validation=0.1, report_every=50) == 150
    assert validate_every(2173, validation=0.1, report_every=50) == 150
    assert validate_every(40, validation=0.001, report_every=50) == 2
