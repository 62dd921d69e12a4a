"""Schedules and steps of diffusion, against the papers' own formulas."""

import math

import pytest
import torch
from torch import Tensor

from crossvox.networks.diffusion import (
    Prediction,
    Schedule,
    clean_of,
    noised,
    reverse_step,
    sampling_timesteps,
    signal_shares,
    training_target,
)

SCHEDULES: tuple[Schedule, ...] = ("linear", "cosine")
PREDICTIONS: tuple[Prediction, ...] = ("epsilon", "v")


def tensors() -> tuple[Tensor, Tensor]:
    """A clean volume in [-1, 1] and noise."""
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(1, 1, 6, 5, 4, generator=generator, dtype=torch.float64) * 2 - 1
    return clean, torch.randn(clean.shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("steps", [50, 1000])
def test_the_signal_falls_from_almost_all_to_almost_nothing(schedule: Schedule, steps: int) -> None:
    shares = signal_shares(schedule, steps=steps)
    assert shares.shape == (steps,)
    assert (shares.diff() < 0).all()
    assert shares[0] > 0.99
    assert shares[-1] < 1e-4


def test_the_linear_schedule_is_the_published_one() -> None:
    share = 1.0
    for step in range(1000):
        share *= 1 - (1e-4 + (0.02 - 1e-4) * step / 999)
    assert signal_shares("linear", steps=1000)[-1].item() == pytest.approx(share, rel=1e-9)


def test_the_cosine_schedule_is_equation_17() -> None:
    def curve(time: float) -> float:
        return math.cos((time + 0.008) / 1.008 * math.pi / 2) ** 2

    shares = signal_shares("cosine", steps=1000)
    for step in (0, 400, 900):
        wanted = curve((step + 1) / 1000) / curve(0)
        assert shares[step].item() == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("share", [0.999, 0.5, 0.01])
def test_a_right_answer_tells_the_clean_volume(prediction: Prediction, share: float) -> None:
    clean, noise = tensors()
    kept = torch.tensor(share, dtype=torch.float64)
    noisy = noised(clean, noise, kept)
    answer = training_target(clean, noise, kept, prediction=prediction)
    torch.testing.assert_close(clean_of(answer, noisy, kept, prediction=prediction), clean)


def test_ddim_with_a_right_answer_stays_on_the_line_of_its_noise() -> None:
    clean, noise = tensors()
    share, earlier = torch.tensor([0.2, 0.7], dtype=torch.float64)
    stepped = reverse_step(
        clean, noised(clean, noise, share), None, share=share, next_share=earlier
    )
    torch.testing.assert_close(stepped, noised(clean, noise, earlier))


def test_an_ancestral_step_is_the_posterior_of_equation_7() -> None:
    clean, noise = tensors()
    fresh = tensors()[1].flip(-1)
    shares = signal_shares("linear", steps=1000)
    share, earlier = shares[500], shares[499]
    beta, noisy = 1 - share / earlier, noised(clean, noise, share)
    mean = (
        earlier.sqrt() * beta / (1 - share) * clean
        + (1 - beta).sqrt() * (1 - earlier) / (1 - share) * noisy
    )
    variance = (1 - earlier) / (1 - share) * beta
    stepped = reverse_step(clean, noisy, fresh, share=share, next_share=earlier)
    torch.testing.assert_close(stepped, mean + variance.sqrt() * fresh)


def test_the_last_step_is_the_clean_volume() -> None:
    clean, noise = tensors()
    share, all_of_it = torch.tensor([0.9, 1.0], dtype=torch.float64)
    noisy = noised(clean, noise, share)
    for fresh in (None, noise):
        stepped = reverse_step(clean, noisy, fresh, share=share, next_share=all_of_it)
        torch.testing.assert_close(stepped, clean)


@pytest.mark.parametrize(("steps", "of"), [(1000, 1000), (50, 1000), (7, 1000), (1, 1000), (3, 3)])
def test_visited_steps_begin_with_the_last_and_fall(steps: int, of: int) -> None:
    found = sampling_timesteps(steps, of=of)
    assert len(found) == steps
    assert found[0] == of - 1
    assert found == sorted(set(found), reverse=True)
    assert found[-1] >= 0
