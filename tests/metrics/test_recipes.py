from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import metrics as scikit_image

from crossvox.errors import GridError
from crossvox.metrics import brasyn, skimage7, synthrad2023

# scikit-image carries no types
structural_similarity: Any = scikit_image.structural_similarity

Array = NDArray[np.float64]
Pair = tuple[Array, Array]


@pytest.fixture
def pair() -> Pair:
    generator = np.random.default_rng(8)
    reference = generator.normal(0, 700, (16, 14, 12))
    return reference + generator.normal(0, 90, reference.shape), reference


def test_skimage7_is_the_default_of_scikit_image(pair: Pair) -> None:
    synthesized, reference = pair
    expected = structural_similarity(synthesized, reference, data_range=2500)
    assert skimage7(synthesized, reference, data_range=2500) == pytest.approx(expected, abs=1e-6)


def similarity_by_hand(x: Array, y: Array, weights: Array, *, spread: float, scale: float) -> Array:
    """The map where the whole window lies inside, window by window, from the definition.

    Wang et al. 2004, doi 10.1109/TIP.2003.819861, equation 13; `scale` turns the covariance of
    the population into that of the sample.
    """
    first, second = (0.01 * spread) ** 2, (0.03 * spread) ** 2
    cut_x, cut_y = (
        np.lib.stride_tricks.sliding_window_view(voxels, weights.shape) for voxels in (x, y)
    )
    made = np.empty(cut_x.shape[:3])
    for index in np.ndindex(made.shape):
        a, b = cut_x[index], cut_y[index]
        mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
        together = scale * (weights * (a - mean_a) * (b - mean_b)).sum()
        apart = scale * (weights * ((a - mean_a) ** 2 + (b - mean_b) ** 2)).sum()
        made[index] = ((2 * mean_a * mean_b + first) * (2 * together + second)) / (
            (mean_a**2 + mean_b**2 + first) * (apart + second)
        )
    return made


UNIFORM = np.full((7, 7, 7), 7.0**-3)
SAMPLE = 343 / 342


def test_skimage7_is_its_definition_by_hand(pair: Pair) -> None:
    expected = similarity_by_hand(*pair, UNIFORM, spread=2500, scale=SAMPLE).mean()
    # running sums of a uniform filter leave about 1e-9
    assert skimage7(*pair, data_range=2500) == pytest.approx(expected, abs=1e-6)


@pytest.fixture
def mask() -> NDArray[np.bool_]:
    """Reaches the border, where windows do not fit, along one axis."""
    mask = np.zeros((16, 14, 12), dtype=bool)
    mask[2:13, 1:12, 2:12] = True
    return mask


def set_outside(pair: Pair, mask: NDArray[np.bool_]) -> list[Array]:
    clipped = [np.clip(voxels, -1024, 3000) for voxels in pair]
    for voxels in clipped:
        voxels[~mask] = -1024
    return [voxels + 1024 for voxels in clipped]


def test_synthrad2023_is_its_definition_on_top_of_scikit_image(
    pair: Pair, mask: NDArray[np.bool_]
) -> None:
    _, similarity = structural_similarity(*set_outside(pair, mask), data_range=4024, full=True)
    inner = (slice(3, -3),) * 3
    scores = synthrad2023(*pair, mask=mask)
    assert scores["ssim"] == pytest.approx(similarity[inner][mask[inner]].mean(), abs=1e-6)


def test_synthrad2023_is_its_definition_by_hand(pair: Pair, mask: NDArray[np.bool_]) -> None:
    x, y = set_outside(pair, mask)
    similarity = similarity_by_hand(x, y, UNIFORM, spread=4024, scale=SAMPLE)
    scores = synthrad2023(*pair, mask=mask)
    assert scores["ssim"] == pytest.approx(similarity[mask[3:-3, 3:-3, 3:-3]].mean(), abs=1e-6)
    errors = [
        abs(a - b) for a, b, inside in zip(*map(np.ravel, (*pair, mask)), strict=True) if inside
    ]
    assert scores["mae"] == pytest.approx(sum(errors) / len(errors), rel=1e-12)


def test_the_mae_of_synthrad2023_is_not_clipped(pair: Pair, mask: NDArray[np.bool_]) -> None:
    synthesized, reference = pair[0].copy(), pair[1]
    synthesized[5, 5, 5] = reference[5, 5, 5] + 1e6
    more = synthrad2023(synthesized, reference, mask=mask)["mae"] * mask.sum()
    assert more > 1e6 - 1


def test_a_mask_along_the_border_alone_has_no_ssim_of_synthrad2023(pair: Pair) -> None:
    border = np.zeros((16, 14, 12), dtype=bool)
    border[:3] = True
    scores = synthrad2023(*pair, mask=border)
    assert np.isnan(scores["ssim"])
    assert np.isfinite(scores["mae"])


def scaled_by_hand(voxels: Array) -> Array:
    """Clipped to its own percentiles, which lie between the sorted values, and scaled."""
    positive = np.where(voxels < 0, 0.0, voxels)
    ordered = sorted(positive.ravel())
    ends = []
    for share in (0.005, 0.995):
        place = share * (len(ordered) - 1)
        before = int(place)
        ends.append(ordered[before] + (place - before) * (ordered[before + 1] - ordered[before]))
    return np.asarray((positive.clip(*ends) - ends[0]) / (ends[1] - ends[0]))


def test_brasyn_is_its_definition_on_top_of_scikit_image(pair: Pair) -> None:
    _, similarity = structural_similarity(
        *map(scaled_by_hand, pair),
        data_range=1,
        gaussian_weights=True,
        use_sample_covariance=False,
        full=True,
    )
    assert brasyn(*pair) == pytest.approx(similarity.mean(), abs=1e-6)


def test_brasyn_is_its_definition_by_hand(pair: Pair) -> None:
    steps = np.exp(-(np.arange(-5.0, 6.0) ** 2) / (2 * 1.5**2))
    weights = np.einsum("i,j,k->ijk", steps, steps, steps) / steps.sum() ** 3
    # beyond its borders the volume is mirrored, the outermost voxel twice
    x, y = (np.pad(scaled_by_hand(voxels), 5, mode="symmetric") for voxels in pair)
    expected = similarity_by_hand(x, y, weights, spread=1, scale=1).mean()
    assert brasyn(*pair) == pytest.approx(expected, abs=1e-6)


def test_brasyn_does_not_see_a_wrong_brightness(pair: Pair) -> None:
    reference = np.abs(pair[1])
    assert brasyn(3 * reference, reference) == pytest.approx(1, abs=1e-9)


def test_volumes_too_small_or_too_flat_for_a_recipe_are_refused() -> None:
    small = np.zeros((6, 9, 9))
    with pytest.raises(GridError, match="does not fit"):
        skimage7(small, small, data_range=1)
    with pytest.raises(GridError, match="constant"):
        brasyn(small, small)


def test_brasyn_scales_each_volume_between_its_own_percentiles() -> None:
    generator = np.random.default_rng(4)
    reference = generator.uniform(200, 1000, (16, 14, 12))
    synthesized = 3 * reference + generator.normal(0, 200, reference.shape)

    def scaled(voxels: Array) -> Array:
        low, high = np.percentile(voxels, (0.5, 99.5))
        return np.asarray((voxels.clip(low, high) - low) / (high - low))

    expected = structural_similarity(
        scaled(synthesized),
        scaled(reference),
        data_range=1,
        gaussian_weights=True,
        use_sample_covariance=False,
        full=True,
    )[1].mean()
    # the percentiles lie far above 0, so that a missing or wrong shift would show
    assert brasyn(synthesized, reference) == pytest.approx(expected, abs=1e-6)


def test_metal_above_3000_hu_counts_as_3000_for_the_ssim_of_synthrad2023(pair: Pair) -> None:
    synthesized, reference = (voxels.clip(-1000, 2000) for voxels in pair)
    mask = np.ones(reference.shape, dtype=bool)
    synthesized[8, 7, 6], reference[8, 7, 6] = 9000, 3000
    bright = synthrad2023(synthesized, reference, mask=mask)["ssim"]
    synthesized[8, 7, 6] = 3000
    assert bright == synthrad2023(synthesized, reference, mask=mask)["ssim"]


def test_a_volume_of_just_the_window_has_one_voxel_to_score() -> None:
    voxels = np.random.default_rng(0).normal(size=(7, 7, 7))
    assert skimage7(voxels, voxels, data_range=1) == pytest.approx(1)
