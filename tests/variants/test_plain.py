"""Networks as anybody would write them."""

import copy

import pytest
import torch
from torch import nn

from crossvox.networks.batch_norm import BatchNorm3d
from crossvox.networks.heads import VoxelHead
from crossvox.synthesis.catalogue import build_method
from crossvox.variants.plain import textbook, with_plain_head

TOLERANCE = 1e-5  # float32: sums in another order


def kinds(network: nn.Module) -> set[type]:
    return {type(layer) for layer in network.modules()}


@pytest.mark.parametrize("name", ["gan3d", "ddpm3d"])
def test_a_network_of_the_textbook_is_the_same_function(name: str) -> None:
    torch.manual_seed(0)
    method = build_method(name, {"width": 4, "depth": 2}, sources=1).eval()
    (network_name,) = method.product
    network = method.get_submodule(network_name)
    volume = torch.randn(1, 1, 16, 16, 16)
    inputs = (volume,) if name == "gan3d" else (volume, volume, torch.tensor([3]))
    plain = textbook(copy.deepcopy(network))
    with torch.no_grad():
        torch.testing.assert_close(plain(*inputs), network(*inputs), atol=TOLERANCE, rtol=TOLERANCE)
    assert not kinds(plain) & {BatchNorm3d, VoxelHead}


def test_a_plain_head_leaves_the_rest_as_it_is() -> None:
    network = build_method("gan3d", {"width": 4}, sources=1).get_submodule("generator")
    before = {name for name, _ in network.named_parameters()}
    plain = with_plain_head(network)
    assert BatchNorm3d in kinds(plain)
    assert VoxelHead not in kinds(plain)
    assert {name for name, _ in plain.named_parameters()} == before
