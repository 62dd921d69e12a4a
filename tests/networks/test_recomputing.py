"""Features computed twice teach the same."""

import copy

import pytest
import torch
from torch import nn

from crossvox.networks.denoiser import Denoiser
from crossvox.networks.recomputing import recompute_blocks
from crossvox.networks.residual_encoder import ResidualEncoderUNet
from crossvox.networks.unet import ResidualUNet


def networks() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {
        "unet": ResidualUNet(sources=1, width=4, depth=2, norm="batch", up_sampling="nearest"),
        "encoder": ResidualEncoderUNet(sources=1, width=4, blocks=(1, 2), norm="batch"),
        "denoiser": Denoiser(sources=1, width=8, depth=1),
    }


@pytest.mark.parametrize("kind", networks())
def test_gradients_and_statistics_are_those_without_recomputing(kind: str) -> None:
    plain = networks()[kind]
    again = copy.deepcopy(plain)
    recompute_blocks(again)
    source = torch.rand(2, 1, 8, 8, 8)
    given = (source, source, torch.tensor([3, 900])) if kind == "denoiser" else (source,)
    for network in (plain, again):
        for _ in range(2):
            network(*given).square().mean().backward()
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(again.get_parameter(name).grad, parameter.grad)
    for name, buffer in plain.named_buffers():
        assert torch.equal(again.get_buffer(name), buffer)


def test_names_of_weights_stay() -> None:
    network = networks()["unet"]
    before = list(network.state_dict())
    recompute_blocks(network)
    assert list(network.state_dict()) == before
