import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import metrics as scikit_image

from crossvox.errors import GridError, SettingsError
from crossvox.metrics import (
    GAUSSIAN,
    UNIFORM7,
    SsimWindow,
    bias,
    mae,
    nmae,
    nrmse,
    psnr,
    rmse,
    ssim,
    ssim_full,
    ssim_map,
    ssim_slice,
)

# scikit-image carries no types
structural_similarity: Any = scikit_image.structural_similarity
peak_signal_noise_ratio: Any = scikit_image.peak_signal_noise_ratio

Array = NDArray[np.float32]

SHAPE = (24, 20, 17)
SINGLE = 1e-7  # what float32 maps leave in a mean


def noisy_pair(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    reference = generator.normal(500, 120, shape).astype(np.float32)
    return reference + generator.normal(0, 40, shape).astype(np.float32), reference


def ball(radius: float = 6.0) -> NDArray[np.bool_]:
    offsets = np.meshgrid(*(np.arange(n) - n / 2 for n in SHAPE), indexing="ij")
    distance: NDArray[np.float64] = np.linalg.norm(offsets, axis=0)
    return distance < radius


def test_mae_rmse_and_bias_of_a_constant_offset_are_that_offset() -> None:
    _, reference = noisy_pair()
    shifted = reference + np.float32(3)
    for measure in (mae, rmse, bias):
        # 3 is exact in float32, the sum rounds at 6e-5
        assert measure(shifted, reference) == pytest.approx(3, abs=1e-4)
    assert bias(reference, shifted) == pytest.approx(-3, abs=1e-4)


def test_only_voxels_inside_the_mask_count() -> None:
    _, reference = noisy_pair()
    synthesized, mask = reference.copy(), ball()
    synthesized[~mask] += 1000
    assert mae(synthesized, reference, mask=mask) == 0
    assert rmse(synthesized, reference) > 0


def test_normalized_errors_are_fractions_of_the_stated_range() -> None:
    synthesized, reference = noisy_pair()
    assert nmae(synthesized, reference, data_range=200) == mae(synthesized, reference) / 200
    assert nrmse(synthesized, reference, data_range=200) == rmse(synthesized, reference) / 200


def test_psnr_follows_its_formula_and_is_infinite_for_identical_volumes() -> None:
    synthesized, reference = noisy_pair()
    error = np.mean((synthesized.astype(float) - reference.astype(float)) ** 2)
    expected = 10 * np.log10(800**2 / error)
    assert psnr(synthesized, reference, data_range=800) == pytest.approx(expected, rel=1e-12)
    assert psnr(reference, reference, data_range=800) == math.inf


@pytest.mark.parametrize("masked", [False, True])
def test_psnr_is_that_of_scikit_image(*, masked: bool) -> None:
    synthesized, reference = noisy_pair()
    mask = ball() if masked else np.ones(SHAPE, dtype=bool)
    expected = peak_signal_noise_ratio(reference[mask], synthesized[mask], data_range=800)
    ours = psnr(synthesized, reference, data_range=800, mask=mask if masked else None)
    # the same float64 sum, there of float32 differences
    assert ours == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("data_range", [0.0, -1.0, math.inf, math.nan])
def test_an_impossible_data_range_is_refused(data_range: float) -> None:
    synthesized, reference = noisy_pair()
    with pytest.raises(SettingsError, match="data_range"):
        ssim_map(synthesized, reference, data_range=data_range)
    with pytest.raises(SettingsError, match="data_range"):
        psnr(synthesized, reference, data_range=data_range)


def test_gaussian_map_is_that_of_scikit_image() -> None:
    synthesized, reference = noisy_pair()
    ours = ssim_map(synthesized.astype(float), reference.astype(float), data_range=900)
    _, theirs = structural_similarity(
        synthesized.astype(float),
        reference.astype(float),
        data_range=900,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    # same arithmetic in another order, in float64
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_means_of_float32_volumes_are_those_of_scikit_image_in_float64() -> None:
    synthesized, reference = noisy_pair()
    mask = ball()
    _, theirs = structural_similarity(
        synthesized.astype(float),
        reference.astype(float),
        data_range=900,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    assert ssim(synthesized, reference, data_range=900, mask=mask) == pytest.approx(
        theirs[mask].mean(), abs=1e-6
    )
    assert ssim_full(synthesized, reference, data_range=900) == pytest.approx(
        theirs.mean(), abs=1e-6
    )


def test_the_gaussian_map_is_its_definition_at_a_voxel() -> None:
    synthesized, reference = (voxels.astype(float) for voxels in noisy_pair())
    steps = np.exp(-(np.arange(-5.0, 6.0) ** 2) / (2 * 1.5**2))
    weights = np.einsum("i,j,k->ijk", steps, steps, steps) / steps.sum() ** 3
    x, y = synthesized[5:16, 3:14, 4:15], reference[5:16, 3:14, 4:15]
    mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
    variance_x, variance_y = (
        (weights * (x - mean_x) ** 2).sum(),
        (weights * (y - mean_y) ** 2).sum(),
    )
    covariance = (weights * (x - mean_x) * (y - mean_y)).sum()
    first, second = (0.01 * 900) ** 2, (0.03 * 900) ** 2
    # Wang et al. 2004, equation 13, weighted as in their equations 14 to 16
    expected = ((2 * mean_x * mean_y + first) * (2 * covariance + second)) / (
        (mean_x**2 + mean_y**2 + first) * (variance_x + variance_y + second)
    )
    ours = ssim_map(synthesized, reference, data_range=900)[10, 8, 9]
    # the same float64 arithmetic in another order
    assert ours == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("window", [GAUSSIAN, UNIFORM7])
def test_single_precision_is_good_to_a_millionth_even_far_from_zero(window: SsimWindow) -> None:
    synthesized, reference = noisy_pair()
    far = [voxels + np.float32(3000) for voxels in (synthesized, reference)]
    single = ssim_map(far[0], far[1], data_range=900, window=window)
    double = ssim_map(far[0].astype(float), far[1].astype(float), data_range=900, window=window)
    assert single.dtype == np.float32
    # a float32 holds seven digits; squares of centered values lose two of them at a voxel
    np.testing.assert_allclose(single, double, atol=1e-5)
    assert single.mean(dtype=float) == pytest.approx(double.mean(), abs=1e-6)


def test_uniform_map_is_that_of_scikit_image() -> None:
    synthesized, reference = noisy_pair()
    ours = ssim_map(
        synthesized.astype(float), reference.astype(float), data_range=900, window=UNIFORM7
    )
    _, theirs = structural_similarity(
        synthesized.astype(float), reference.astype(float), data_range=900, full=True
    )
    # running sums of a uniform filter leave about 1e-9
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_masked_ssim_is_the_whole_map_averaged_over_the_mask() -> None:
    synthesized, reference = noisy_pair()
    mask = np.zeros(SHAPE, dtype=bool)
    mask[2:9, 8:19, 6:9] = True
    whole = ssim_map(synthesized, reference, data_range=900)
    assert ssim(synthesized, reference, data_range=900, mask=mask) == pytest.approx(
        whole[mask].mean(), abs=SINGLE
    )
    everywhere = np.ones(SHAPE, dtype=bool)
    assert ssim(synthesized, reference, data_range=900, mask=everywhere) == pytest.approx(
        ssim_full(synthesized, reference, data_range=900), abs=SINGLE
    )


def test_background_lifts_the_full_ssim_above_the_masked_one() -> None:
    synthesized, reference = noisy_pair()
    mask = ball()
    synthesized[~mask] = reference[~mask] = 0
    inside = ssim(synthesized, reference, data_range=900, mask=mask)
    assert ssim_full(synthesized, reference, data_range=900) > inside


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(*[st.integers(1, 14)] * 3),
    data_range=st.floats(1, 1e4),
)
def test_a_volume_is_perfectly_similar_to_itself_at_any_size(
    seed: int, shape: tuple[int, ...], data_range: float
) -> None:
    voxels = np.random.default_rng(seed).normal(0, 100, shape)
    assert ssim_full(voxels, voxels, data_range=data_range) == pytest.approx(1, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_ssim_is_symmetric_and_at_most_one(seed: int) -> None:
    synthesized, reference = noisy_pair(seed, (9, 8, 7))
    forth = ssim_full(synthesized, reference, data_range=500)
    assert forth == pytest.approx(ssim_full(reference, synthesized, data_range=500), abs=SINGLE)
    assert forth <= 1


def test_slice_ssim_is_the_mean_of_two_dimensional_ssim() -> None:
    synthesized, reference = noisy_pair()
    expected = np.mean(
        [
            structural_similarity(
                synthesized[:, k].astype(float),
                reference[:, k].astype(float),
                data_range=900,
                gaussian_weights=True,
                use_sample_covariance=False,
                full=True,
            )[1].mean()
            for k in range(SHAPE[1])
        ]
    )
    ours = ssim_slice(synthesized, reference, data_range=900, axis=1)
    assert ours == pytest.approx(expected, abs=1e-9)


def test_slices_beside_the_mask_are_left_out_of_slice_ssim() -> None:
    synthesized, reference = noisy_pair()
    mask = np.zeros(SHAPE, dtype=bool)
    mask[4, 4, 5:9] = True
    part = ssim_slice(synthesized[:, :, 5:9], reference[:, :, 5:9], data_range=900, axis=2)
    whole = ssim_slice(synthesized, reference, data_range=900, axis=2, mask=mask)
    assert whole == pytest.approx(part, abs=SINGLE)


def test_shapes_that_differ_and_empty_masks_are_refused() -> None:
    synthesized, reference = noisy_pair()
    with pytest.raises(GridError, match="reference"):
        mae(synthesized[1:], reference)
    with pytest.raises(GridError, match="mask"):
        mae(synthesized, reference, mask=np.ones((2, 2, 2), dtype=bool))
    with pytest.raises(GridError, match="empty"):
        ssim(synthesized, reference, data_range=1, mask=np.zeros(SHAPE, dtype=bool))


def test_a_window_says_what_it_is() -> None:
    assert str(GAUSSIAN) == "Gaussian sigma 1.5, 11 voxels wide, population covariance"
    assert str(UNIFORM7) == "uniform, 7 voxels wide, sample covariance"


def test_volumes_of_very_different_units_have_an_ssim_and_no_overflow() -> None:
    # a source of some hundreds beside a diffusivity of 1e-10 m2/s, both float32
    generator = np.random.default_rng(0)
    source = generator.uniform(0, 500, (12, 12, 12)).astype(np.float32)
    reference = (generator.uniform(0, 3, (12, 12, 12)) * 1e-10).astype(np.float32)
    similarity = ssim_map(source, reference, data_range=3e-10)
    assert np.isfinite(similarity).all()
    assert similarity.max() < 1e-3
