from typing import Any

import numpy as np
import pytest
from skimage import metrics as scikit_image

from crossvox.errors import GridError
from crossvox.metrics import nmi

# scikit-image carries no types
normalized_mutual_information: Any = scikit_image.normalized_mutual_information


def test_nmi_is_that_of_scikit_image() -> None:
    generator = np.random.default_rng(5)
    first = generator.normal(0, 1, (20, 20, 20))
    second = first**2 + generator.normal(0, 0.3, first.shape)
    expected = normalized_mutual_information(first, second, bins=64)
    assert nmi(first, second) == pytest.approx(expected, abs=1e-9)


def test_nmi_of_a_volume_with_its_negative_is_two() -> None:
    voxels = np.random.default_rng(5).normal(0, 1, (20, 20, 20))
    # mirrored bins hold the same voxels but for those on an edge
    assert nmi(voxels, -voxels) == pytest.approx(2, abs=1e-3)


def test_shifting_a_volume_lowers_its_nmi() -> None:
    voxels = np.random.default_rng(5).normal(0, 1, (20, 20, 20))
    assert nmi(voxels, np.roll(voxels, 2, axis=0)) < nmi(voxels, voxels**3)


def test_only_voxels_inside_the_mask_count() -> None:
    first, second = np.random.default_rng(5).normal(0, 1, (2, 12, 12, 12))
    mask = np.zeros(first.shape, dtype=bool)
    mask[:6] = True
    assert nmi(first, second, mask=mask) == nmi(first[:6], second[:6])


def test_two_constant_volumes_have_no_nmi() -> None:
    assert np.isnan(nmi(np.ones((3, 3, 3)), np.ones((3, 3, 3))))


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(GridError):
        nmi(np.ones((3, 3, 3)), np.ones((3, 3, 4)))


def test_rare_structure_has_information_too() -> None:
    first = np.zeros((12, 12, 12))
    first[5, 5, :6] = 1  # entropies far below one bit
    second = np.roll(first, 1, axis=0)
    expected = normalized_mutual_information(first, second, bins=64)
    assert nmi(first, second) == pytest.approx(expected, abs=1e-9)


def test_volumes_of_two_shapes_are_refused_with_both() -> None:
    with pytest.raises(GridError, match=r"\(4, 4, 4\) and \(4, 4, 5\)"):
        nmi(np.zeros((4, 4, 4)), np.zeros((4, 4, 5)))
