"""What makes a step of training."""

import pytest
import torch

from crossvox.contract import Batch
from crossvox.variants.cost import parameters_of
from crossvox.variants.ours import trained_method
from crossvox.variants.training import TRAINING, step_of
from crossvox.variants.variant import OURS, Setting, Variant


@pytest.mark.parametrize("variant", TRAINING, ids=lambda variant: variant.name)
def test_every_variant_makes_one_step_after_another(variant: Variant, small: Setting) -> None:
    torch.manual_seed(0)
    step = variant.load(small)
    step()
    step()


def test_a_step_changes_the_weights_of_both_networks(small: Setting) -> None:
    method = trained_method(small)
    before = {name: value.clone() for name, value in method.named_parameters()}
    volume = torch.randn(1, 1, *small.sizes)
    step_of(method, Batch(source=volume, target=volume, mask=torch.ones_like(volume)))()
    changed = {
        name.split(".")[0]
        for name, value in method.named_parameters()
        if not torch.equal(value, before[name])
    }
    assert changed == {"generator", "discriminator"}
    assert all(value.grad is None for value in method.parameters())


def test_ours_is_what_steps_are_compared_to() -> None:
    assert TRAINING[0].name == OURS
    assert len({one.name for one in TRAINING}) == len(TRAINING)


def test_every_step_says_what_it_computes_and_how_many_weights_it_moves(small: Setting) -> None:
    parameters = parameters_of(trained_method(small))
    costs = [variant.cost(small) for variant in TRAINING if variant.cost]
    assert len(costs) == len(TRAINING)
    assert {cost.parameters for cost in costs} == {parameters}
    assert costs[0].operations < costs[-1].operations  # as written in the paper
