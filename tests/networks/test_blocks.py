"""Laws of the convolutional units."""

import pytest
import torch

from crossvox.networks.blocks import Norm, ResidualBlock, UpConv, norm_of


def test_trilinear_up_sampling_doubles_every_size() -> None:
    block = UpConv(2, 3, up_sampling="trilinear")
    assert block(torch.zeros(1, 2, 3, 4, 5)).shape == (1, 3, 6, 8, 10)


@pytest.mark.parametrize("norm", ["batch", "instance", "group"])
def test_residual_block_passes_its_input_on_beside_its_units(norm: Norm) -> None:
    torch.manual_seed(0)
    block = ResidualBlock(4, 4, norm=norm)
    for parameter in block.units.parameters():
        torch.nn.init.zeros_(parameter)
    features = torch.randn(2, 4, 4, 4, 4)
    torch.testing.assert_close(block(features), features)


@pytest.mark.parametrize("norm", ["instance", "group"])
def test_norms_without_batch_statistics_treat_each_item_alone(norm: Norm) -> None:
    torch.manual_seed(0)
    layer = norm_of(norm, 8)
    features = torch.randn(2, 8, 4, 4, 4)
    torch.testing.assert_close(layer(features)[:1], layer(features[:1]))
