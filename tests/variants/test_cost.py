"""Operations and parameters, counted by hand."""

from functools import partial

import torch
from torch import Tensor, nn

from crossvox.variants.cost import on_meta, operations_of, parameters_of


def test_a_convolution_takes_two_operations_for_each_tap_pair_of_channels_and_voxel() -> None:
    convolution = nn.Conv3d(3, 5, 3, padding=1)
    assert operations_of(partial(convolution, torch.ones(1, 3, 4, 6, 8))) == 2 * 27 * 15 * 4 * 6 * 8
    assert parameters_of(convolution) == 27 * 15 + 5


def test_what_is_cut_and_joined_around_a_network_is_counted_without_computing() -> None:
    network = nn.Conv3d(1, 1, 1).to("meta")

    def halves(volume: Tensor) -> Tensor:
        forward = on_meta(network)
        return torch.cat([forward(half) for half in volume.split(4, dim=2)], dim=2)

    assert halves(torch.ones(1, 1, 8, 4, 4)).equal(torch.zeros(1, 1, 8, 4, 4))
    assert operations_of(partial(halves, torch.ones(1, 1, 8, 4, 4))) == 2 * 8 * 4 * 4
