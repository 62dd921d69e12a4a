"""Folded layers are the same function."""

import copy

import pytest
import torch
from torch import nn

from crossvox.acceleration.folding import (
    VoxelByVoxel,
    fix_up_sampling,
    fold_normalization,
    simplify_head,
)
from crossvox.acceleration.up_sampling import WIDE
from crossvox.networks.blocks import ConvUnit, UpConv, UpSampling


def test_folding_follows_the_layers_statistics() -> None:
    unit = ConvUnit(2, 3, norm="batch").eval()
    norm = unit[1]
    assert isinstance(norm, nn.BatchNorm3d)
    assert norm.running_mean is not None
    norm.running_mean.fill_(0.5)
    folded, features = copy.deepcopy(unit), torch.randn(1, 2, 4, 4, 4)
    fold_normalization(folded)
    assert isinstance(folded[1], nn.Identity)
    torch.testing.assert_close(folded(features), unit(features))


def test_up_sampling_keeps_its_kernel() -> None:
    network = nn.Sequential(UpConv(4, 2, up_sampling="nearest"))
    fixed, features = copy.deepcopy(network), torch.randn(1, 4, 3, 4, 5)
    fix_up_sampling(fixed, keep_wide=True)
    assert isinstance(fixed[0], nn.ConvTranspose3d)
    torch.testing.assert_close(fixed(features), network(features))


@pytest.mark.parametrize(("inputs", "up_sampling"), [(4, "trilinear"), (WIDE, "nearest")])
def test_up_sampling_that_is_not_one_with_its_convolution_is_left_as_it_is(
    inputs: int, up_sampling: UpSampling
) -> None:
    network = nn.Sequential(UpConv(inputs, 2, up_sampling=up_sampling))
    fix_up_sampling(network, keep_wide=True)
    assert isinstance(network[0], UpConv)


@pytest.mark.parametrize("bias", [True, False])
def test_a_head_voxel_by_voxel_is_its_convolution(bias: bool) -> None:  # noqa: FBT001 - parametrized
    network = nn.Module()
    network.head = nn.Conv3d(4, 1, 1, bias=bias)
    features = torch.randn(2, 4, 3, 5, 4)
    wanted = network.head(features)
    simplify_head(network)
    assert isinstance(network.head, VoxelByVoxel)
    torch.testing.assert_close(network.head(features), wanted)


def test_a_head_that_sees_neighbors_is_left_alone() -> None:
    network = nn.Module()
    network.head = nn.Conv3d(4, 1, 3, padding=1)
    simplify_head(network)
    assert isinstance(network.head, nn.Conv3d)
