"""Masks, windows and precision of the similarity metrics."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.metrics import (
    UNIFORM7,
    SsimWindow,
    bias,
    mae,
    nmae,
    nrmse,
    rmse,
    ssim,
    ssim_full,
    ssim_map,
    ssim_slice,
)

Array = NDArray[np.float32]
SHAPE = (24, 20, 17)
SINGLE = 1e-7  # what float32 maps leave in a mean


def noisy_pair() -> tuple[Array, Array]:
    generator = np.random.default_rng(0)
    reference = generator.normal(500, 120, SHAPE).astype(np.float32)
    return reference + generator.normal(0, 40, SHAPE).astype(np.float32), reference


def ball() -> NDArray[np.bool_]:
    offsets = np.meshgrid(*(np.arange(n) - n / 2 for n in SHAPE), indexing="ij")
    distance: NDArray[np.float64] = np.linalg.norm(offsets, axis=0)
    return distance < 6


@pytest.mark.parametrize("window", [UNIFORM7, SsimWindow(shape="gaussian", size=5, sigma=1.0)])
def test_every_mean_of_the_map_uses_the_window_that_is_set(window: SsimWindow) -> None:
    synthesized, reference = noisy_pair()
    mask = ball()
    volume_map = ssim_map(synthesized, reference, data_range=900, window=window)
    options: Any = {"data_range": 900, "window": window}
    inside = volume_map[mask].mean(dtype=np.float64)
    assert ssim(synthesized, reference, mask=mask, **options) == pytest.approx(inside, abs=SINGLE)
    whole = volume_map.mean(dtype=np.float64)
    assert ssim_full(synthesized, reference, **options) == pytest.approx(whole, abs=SINGLE)
    slice_map = ssim_map(synthesized, reference, slice_axis=1, **options)
    slices = slice_map.mean(dtype=np.float64)
    assert ssim_slice(synthesized, reference, axis=1, **options) == pytest.approx(
        slices, abs=SINGLE
    )


@pytest.mark.parametrize("measure", [mae, rmse, bias])
def test_each_difference_counts_inside_the_mask_alone(measure: Any) -> None:
    _, reference = noisy_pair()
    mask = ball()
    shifted = np.where(mask, reference + np.float32(3), reference - np.float32(50))
    # 3 is exact in float32, the sum rounds at 6e-5
    assert measure(shifted, reference, mask=mask) == pytest.approx(3, abs=1e-4)


def test_normalized_errors_count_inside_the_mask_alone() -> None:
    _, reference = noisy_pair()
    mask = ball()
    shifted = np.where(mask, reference + np.float32(9), reference - np.float32(50))
    for measure in (nmae, nrmse):
        assert measure(shifted, reference, data_range=900, mask=mask) == pytest.approx(
            0.01, abs=1e-6
        )


def test_differences_of_large_float32_values_are_not_rounded() -> None:
    reference = np.full(SHAPE, 0.25, dtype=np.float32)
    large = np.full(SHAPE, 2.0**26, dtype=np.float32)  # its neighbors in float32 are 8 apart
    assert bias(large, reference) == 2.0**26 - 0.25


def test_uniform_windows_lie_within_the_slice() -> None:
    synthesized, reference = noisy_pair()
    ours = ssim_map(synthesized, reference, data_range=900, window=UNIFORM7, slice_axis=1)
    alone = ssim_map(synthesized[:, 4], reference[:, 4], data_range=900, window=UNIFORM7)
    np.testing.assert_allclose(ours[:, 4], alone, atol=1e-5)
