"""What makes a step of training."""

import pytest
import torch

from crossvox.benchmark.training import TRAINING, step_of, trained_method
from crossvox.benchmark.variant import OURS, Setting, Variant
from crossvox.contract import Batch


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
