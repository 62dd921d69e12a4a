"""Upsampling and its convolution as one transposed convolution."""

import copy

import pytest
import torch
from torch import nn

from crossvox.acceleration.up_sampling import WIDE, TransposedUpConv, transpose_up_sampling
from crossvox.networks.blocks import UpConv


@pytest.mark.parametrize("inputs", [3, 8])
def test_both_operations_and_one_are_the_same_function_and_gradient(inputs: int) -> None:
    torch.manual_seed(0)
    apart = UpConv(inputs, 5, up_sampling="nearest").double()
    together = TransposedUpConv(copy.deepcopy(apart)).double()
    features = torch.randn(2, inputs, 4, 5, 3, dtype=torch.float64)
    weights = torch.randn(2, 5, 8, 10, 6, dtype=torch.float64)
    for layer in (apart, together):
        (layer(features) * weights).sum().backward()
    torch.testing.assert_close(together(features), apart(features))
    torch.testing.assert_close(together.conv.weight.grad, apart.conv.weight.grad)


def test_states_of_either_load_into_the_other() -> None:
    apart = UpConv(3, 2, up_sampling="nearest")
    together = TransposedUpConv(UpConv(3, 2, up_sampling="nearest"))
    assert together.state_dict().keys() == apart.state_dict().keys()


@pytest.mark.parametrize(
    ("layer", "keep_wide", "kind"),
    [
        (UpConv(3, 2, up_sampling="nearest"), True, TransposedUpConv),
        (UpConv(3, 2, up_sampling="trilinear"), True, UpConv),
        (UpConv(WIDE, 2, up_sampling="nearest"), True, UpConv),
        (UpConv(WIDE, 2, up_sampling="nearest"), False, TransposedUpConv),
    ],
)
def test_wide_and_trilinear_layers_stay_apart(
    layer: UpConv,
    keep_wide: bool,  # noqa: FBT001 - parametrized
    kind: type[nn.Module],
) -> None:
    network = nn.Sequential(layer)
    transpose_up_sampling(network, keep_wide=keep_wide)
    assert type(network[0]) is kind
