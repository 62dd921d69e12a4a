"""Learning rates over a run."""

import pytest
import torch

from crossvox.training.schedule import learning_rate_factor, scaled_rates


def test_rates_stay_without_a_decay() -> None:
    assert learning_rate_factor(10, steps=10, decay_share=0.0) == 1.0


def test_rates_fall_linearly_over_the_last_share() -> None:
    factors = [learning_rate_factor(step, steps=10, decay_share=0.5) for step in range(1, 11)]
    assert factors == pytest.approx([1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2])


def test_rates_are_scaled_for_one_step_only() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    with scaled_rates(optimizer, 0.5):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.2)
