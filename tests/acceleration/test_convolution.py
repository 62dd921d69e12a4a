"""Convolutions that handle one channel well, and in float32 what bfloat16 gets wrong."""

import copy

import pytest
import torch
from torch import nn

from crossvox.acceleration.convolution import CarefulConv3d, keep_channels_last, make_trainable
from crossvox.networks.blocks import conv3x3x3
from crossvox.networks.heads import VoxelHead


def careful(layer: nn.Conv3d) -> CarefulConv3d:
    return CarefulConv3d(layer)


def kinds(network: nn.Sequential) -> list[type]:
    return [type(layer) for layer in network]


def test_only_what_needs_it_is_replaced() -> None:
    layers = (nn.Conv3d(1, 4, 1), conv3x3x3(4, 4), conv3x3x3(4, 4, stride=2), VoxelHead(1))
    learning, inferring = nn.Sequential(*layers), nn.Sequential(*layers)
    make_trainable(learning)
    assert kinds(learning) == [CarefulConv3d, CarefulConv3d, nn.Conv3d, VoxelHead]
    keep_channels_last(inferring)
    assert kinds(inferring) == [CarefulConv3d, nn.Conv3d, nn.Conv3d, VoxelHead]
    assert learning[0].weight is layers[0].weight


@pytest.mark.parametrize("size", [1, 2, 3])
def test_bfloat16_gradients_are_those_of_float32_at_every_size(size: int) -> None:
    torch.manual_seed(0)
    conv, features = careful(conv3x3x3(16, 16)), torch.randn(1, 16, size, 4, 4)
    weights = torch.randn(1, 16, size, 4, 4)
    (conv(features) * weights).sum().backward()
    assert conv.weight.grad is not None
    exact = conv.weight.grad.clone()
    for _ in range(6):
        conv.zero_grad()
        _dirty_the_heap()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            synthesized = conv(features)
        (synthesized.float() * weights).sum().backward()
        # eight bits of mantissa; what is never written is NaN here
        assert (conv.weight.grad - exact).norm() < 0.03 * exact.norm()


def _dirty_the_heap() -> None:
    sizes = (64, 512, 4000, 7000, 20_000, 60_000, 100_000, 1_000_000)
    for tensor in [torch.empty(size) for size in sizes]:
        tensor.fill_(float("nan"))


@pytest.mark.parametrize("channels", [1, 2])
def test_a_convolution_is_that_of_torch_in_value_and_gradient(channels: int) -> None:
    torch.manual_seed(0)
    theirs = nn.Conv3d(channels, 4, 3, padding=1, stride=2).double()
    ours = careful(copy.deepcopy(theirs))
    order = torch.channels_last_3d
    given = torch.randn(1, channels, 6, 5, 4, dtype=torch.float64).contiguous(memory_format=order)
    features, twin = (given.clone().requires_grad_() for _ in range(2))
    out = ours(features)
    out.square().sum().backward()
    theirs(twin).square().sum().backward()
    torch.testing.assert_close(out, theirs(twin))
    torch.testing.assert_close(features.grad, twin.grad)
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs.get_parameter(name).grad)


def test_one_channel_becomes_channels_last() -> None:
    order, source = torch.channels_last_3d, torch.randn(1, 1, 16, 16, 16)
    network = careful(nn.Conv3d(1, 8, 3, padding=1))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert network(source).is_contiguous(memory_format=order)
