from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import metrics as scikit_image

from crossvox.errors import GridError
from crossvox.metrics import brasyn, skimage7, synthrad2023

# scikit-image carries no types
structural_similarity: Any = scikit_image.structural_similarity

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


@pytest.fixture
def pair() -> Pair:
    generator = np.random.default_rng(8)
    reference = generator.normal(0, 700, (16, 14, 12))
    return reference + generator.normal(0, 90, reference.shape), reference


def test_skimage7_is_the_default_of_scikit_image(pair: Pair) -> None:
    synthesized, reference = pair
    expected = structural_similarity(synthesized, reference, data_range=2500)
    assert skimage7(synthesized, reference, data_range=2500) == pytest.approx(expected, abs=1e-6)


def test_synthrad2023_is_its_definition_on_top_of_scikit_image(pair: Pair) -> None:
    synthesized, reference = pair
    mask = np.zeros(reference.shape, dtype=bool)
    mask[2:13, 1:12, 2:12] = True
    clipped = []
    for voxels in pair:
        filled = np.clip(voxels, -1024, 3000)
        filled[~mask] = -1024
        clipped.append(filled + 1024)
    _, similarity = structural_similarity(*clipped, data_range=4024, full=True)
    inner = (slice(3, -3),) * 3
    scores = synthrad2023(synthesized, reference, mask=mask)
    assert scores["ssim"] == pytest.approx(similarity[inner][mask[inner]].mean(), abs=1e-6)
    assert scores["mae"] == pytest.approx(np.abs(synthesized - reference)[mask].mean())


def test_brasyn_is_its_definition_on_top_of_scikit_image(pair: Pair) -> None:
    scaled = []
    for voxels in pair:
        positive = voxels.clip(min=0)
        low, high = np.quantile(positive, [0.005, 0.995])
        scaled.append((positive.clip(low, high) - low) / (high - low))
    _, similarity = structural_similarity(
        *scaled, data_range=1, gaussian_weights=True, use_sample_covariance=False, full=True
    )
    assert brasyn(*pair) == pytest.approx(similarity.mean(), abs=1e-6)


def test_brasyn_does_not_see_a_wrong_brightness(pair: Pair) -> None:
    reference = np.abs(pair[1])
    assert brasyn(3 * reference, reference) == pytest.approx(1, abs=1e-9)


def test_volumes_too_small_or_too_flat_for_a_recipe_are_refused() -> None:
    small = np.zeros((6, 9, 9))
    with pytest.raises(GridError, match="does not fit"):
        skimage7(small, small, data_range=1)
    with pytest.raises(GridError, match="constant"):
        brasyn(small, small)
