"""Sums over all voxels against float64."""

import pytest
import torch

from backgrounds import FULL_SIZE, largest, mostly_background, threads
from crossvox.networks.sums import gradient_sums, has_no_data, moments, voxels_of


@pytest.mark.parametrize("count", [1, 2])
def test_moments_of_nine_million_voxels_are_those_of_float64(count: int) -> None:
    features = mostly_background(FULL_SIZE, channels=2)
    with threads(count):
        mean, variance = moments(features)
    exact = voxels_of(features).double()
    deviation = exact.std(dim=0)
    # the background is a single float32, whose 128 summands are rounded alike
    assert largest((mean - exact.mean(dim=0)) / deviation) < 4e-6
    assert largest(variance / exact.var(dim=0) - 1) < 4e-6


@pytest.mark.parametrize("sizes", [(1, 1, 1), (3, 5, 7), (17, 16, 20)])
@pytest.mark.parametrize("channels", [1, 3, 40])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last_3d])
def test_every_voxel_counts_once(
    sizes: tuple[int, int, int], channels: int, order: torch.memory_format
) -> None:
    generator = torch.Generator().manual_seed(0)
    features, gradient = (
        torch.randn(2, channels, *sizes, generator=generator).contiguous(memory_format=order)
        for _ in range(2)
    )
    exact, weights = voxels_of(features).double(), voxels_of(gradient).double()
    mean, variance = moments(features)
    torch.testing.assert_close(mean, exact.mean(dim=0), atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(variance, exact.var(dim=0, correction=0), atol=1e-6, rtol=1e-6)
    sums, products = gradient_sums(gradient, features, mean)
    torch.testing.assert_close(sums, weights.sum(dim=0), atol=1e-3, rtol=1e-5)
    wanted = (weights * (exact - mean)).sum(dim=0)
    torch.testing.assert_close(products, wanted, atol=1e-3, rtol=1e-5)


def test_only_tensors_without_contents_have_none() -> None:
    assert has_no_data(torch.empty(1, device="meta"))
    assert not has_no_data(torch.empty(1))
