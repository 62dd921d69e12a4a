"""The residual-encoder U-Net."""

import torch
from torch import nn
from torch.nn import functional

from crossvox.networks.residual_encoder import (
    Decoder,
    EncoderBlock,
    MeanOfEight,
    ResidualEncoderUNet,
)


def test_sizes_stay_as_they_are() -> None:
    network = ResidualEncoderUNet(sources=2, width=4, blocks=(1, 2, 2), norm="instance")
    assert network(torch.randn(1, 2, 8, 12, 16)).shape == (1, 1, 8, 12, 16)


def test_each_level_has_its_blocks_and_twice_the_channels() -> None:
    network = ResidualEncoderUNet(sources=1, width=100, blocks=(1, 3, 4), norm="instance")
    assert [len(list(level.children())) for level in network.encoder] == [1, 3, 4]
    first = network.decoder[0]
    assert isinstance(first, Decoder)
    assert first.reduce.in_channels == 320  # the widest there is
    assert first.reduce.out_channels == 200


def test_a_strided_block_halves_the_sizes() -> None:
    block = EncoderBlock(4, 8, norm="instance", stride=2)
    assert block(torch.randn(1, 4, 8, 4, 6)).shape == (1, 8, 4, 2, 3)


def test_reducing_before_up_sampling_is_reducing_after_it() -> None:
    torch.manual_seed(0)
    reduce, features = nn.Conv3d(8, 4, 1), torch.randn(1, 8, 3, 4, 5)
    before = functional.interpolate(reduce(features), scale_factor=2, mode="trilinear")
    after = reduce(functional.interpolate(features, scale_factor=2, mode="trilinear"))
    # float32 sums in another order
    torch.testing.assert_close(before, after, atol=1e-5, rtol=1e-4)


def test_a_decoder_joins_the_skip() -> None:
    decoder, skip = Decoder(8, 4, norm="instance"), torch.randn(1, 4, 8, 8, 8)
    coarse = torch.randn(1, 8, 4, 4, 4)
    assert decoder(coarse, skip).shape == (1, 4, 8, 8, 8)
    assert not torch.allclose(decoder(coarse, skip), decoder(coarse, -skip))


def test_the_mean_of_eight_is_average_pooling() -> None:
    features = torch.randn(2, 3, 4, 6, 8)
    torch.testing.assert_close(MeanOfEight()(features), functional.avg_pool3d(features, 2))
