"""Slabs give what the whole gives."""

import pytest
import torch
from torch import nn

from crossvox.acceleration.folding import fix_up_sampling, fold_normalization
from crossvox.acceleration.slabs import Scaled, SlabbedUNet, in_slabs, using_slabs
from crossvox.networks.blocks import ResidualBlock
from crossvox.networks.unet import ResidualUNet

SETTINGS = {"sources": 1, "width": 4, "depth": 3, "norm": "batch", "up_sampling": "nearest"}


def folded() -> SlabbedUNet:
    torch.manual_seed(0)
    network = ResidualUNet(**SETTINGS).eval()  # type: ignore[arg-type]  # a mapping
    fold_normalization(network)
    fix_up_sampling(network, keep_wide=False)
    return SlabbedUNet(network)


@pytest.mark.parametrize("thickness", [1, 4, 5, 16, 100])
@torch.inference_mode()
def test_slabs_of_a_folded_network_are_the_whole(thickness: int) -> None:
    network, source = folded(), torch.rand(1, 1, 40, 16, 24) * 2 - 1
    whole = network(source)
    assert network.takes_slabs
    network.slab = thickness
    # float32 sums in another order
    torch.testing.assert_close(network(source), whole, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_slabs_of_trilinear_up_sampling_are_the_whole() -> None:
    network = ResidualUNet(**{**SETTINGS, "up_sampling": "trilinear"}).eval()  # type: ignore[arg-type]  # likewise
    fold_normalization(network)
    source = torch.rand(1, 1, 24, 8, 16)
    slabbed = SlabbedUNet(network)
    slabbed.slab = 4
    torch.testing.assert_close(slabbed(source), network(source), atol=1e-5, rtol=0)


def test_normalizing_over_all_voxels_takes_no_slabs() -> None:
    for norm in ("batch", "instance", "group"):
        network = ResidualUNet(**{**SETTINGS, "norm": norm})  # type: ignore[arg-type]  # likewise
        assert not SlabbedUNet(network).takes_slabs


def test_gradients_pass_where_there_are_no_slabs() -> None:
    block = ResidualBlock(1, 2, norm="instance")
    given = (Scaled(tensor=torch.rand(1, 1, 8, 8, 8), planes=1),)
    in_slabs(block, given, planes=1, thickness=None).sum().backward()
    assert all(one.grad is not None for one in block.parameters())


def test_only_networks_that_take_slabs_get_them_and_only_for_a_while() -> None:
    local, other = folded(), SlabbedUNet(ResidualUNet(**SETTINGS))  # type: ignore[arg-type]  # likewise
    with using_slabs(nn.ModuleList([local, other]), 8):
        assert (local.slab, other.slab) == (8, None)
    assert local.slab is None
