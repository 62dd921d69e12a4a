"""The generator."""

from itertools import pairwise

import pytest
import torch

from crossvox.networks.unet import ResidualUNet


@pytest.mark.parametrize("sources", [1, 2])
def test_generator_keeps_the_grid_and_stays_in_range(sources: int) -> None:
    torch.manual_seed(0)
    network = ResidualUNet(
        sources=sources, width=4, depth=2, norm="instance", up_sampling="nearest"
    )
    synthesized = network(torch.randn(2, sources, 8, 12, 16))
    assert synthesized.shape == (2, 1, 8, 12, 16)
    assert synthesized.abs().max() <= 1


def test_generator_of_base_16_has_the_parameters_its_widths_give() -> None:
    network = ResidualUNet(sources=1, width=16, depth=4, norm="batch", up_sampling="nearest")
    counted = sum(parameter.numel() for parameter in network.parameters())
    assert counted == _expected([16, 32, 64, 128, 256])


def _expected(widths: list[int]) -> int:
    """By hand: weights of 3x3x3 convolutions, shortcuts, norms, the head."""

    def block(inputs: int, outputs: int) -> int:
        shortcut = inputs * outputs if inputs != outputs else 0
        return 27 * outputs * (inputs + outputs) + 4 * outputs + shortcut

    pairs = list(pairwise(widths))
    encoder = block(1, widths[0]) + sum(block(fine, coarse) for fine, coarse in pairs)
    decoder = sum(27 * coarse * fine + block(2 * fine, fine) for fine, coarse in pairs)
    return encoder + decoder + widths[0] + 1
