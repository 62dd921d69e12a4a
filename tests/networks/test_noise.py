"""Noise that belongs to a volume."""

import torch

from crossvox.networks.noise import normal_noise, surrounded


def test_equal_seeds_and_steps_give_equal_noise() -> None:
    one, other = normal_noise((1, 1, 6, 5, 4), seed=1), normal_noise((1, 1, 6, 5, 4), seed=1)
    assert torch.equal(one(3), other(3))


def test_other_seeds_and_other_steps_give_other_noise() -> None:
    noise = normal_noise((1, 1, 6, 5, 4), seed=1)
    assert not torch.equal(noise(0), noise(1))
    assert not torch.equal(noise(0), normal_noise((1, 1, 6, 5, 4), seed=2)(0))


def test_noise_is_standard_normal() -> None:
    drawn = normal_noise((1, 1, 40, 40, 40), seed=0)(0)
    # 64000 draws: standard errors 0.004 of the mean and 0.003 of the standard deviation
    assert abs(drawn.mean().item()) < 0.02
    assert abs(drawn.std().item() - 1) < 0.015


def test_what_surrounds_noise_leaves_it_as_it_is() -> None:
    noise = normal_noise((1, 1, 3, 4, 5), seed=1)
    inner = (slice(None), slice(None), slice(2, 5), slice(1, 5), slice(0, 5))
    larger = surrounded(noise, (1, 1, 8, 8, 8), inner)(7)
    assert larger.shape == (1, 1, 8, 8, 8)
    assert torch.equal(larger[inner], noise(7))
    assert larger.unique().numel() == larger.numel()
