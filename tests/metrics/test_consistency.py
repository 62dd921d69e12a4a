import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.errors import GridError
from crossvox.metrics import (
    slice_consistency,
    slice_mean_difference,
    slice_mean_std,
    through_plane_axis,
)
from crossvox.volume import Grid

Array = NDArray[np.float64]


@pytest.fixture
def reference() -> Array:
    return np.random.default_rng(3).normal(100, 10, (6, 7, 8))


@pytest.mark.parametrize(
    ("spacing_mm", "axis"),
    [((1, 1, 5), 2), ((5, 1, 1), 0), ((1, 3, 1), 1), ((2, 2, 2), 2), ((2.0, 2.0, 1.999), 2)],
)
def test_the_through_plane_axis_has_the_largest_spacing_and_is_upwards_where_equal(
    spacing_mm: tuple[float, ...], axis: int
) -> None:
    assert through_plane_axis(Grid((4, 5, 6), np.diag([*spacing_mm, 1.0]))) == axis


def test_where_spacings_agree_the_axis_does_not_depend_on_how_a_file_is_stored() -> None:
    left_inferior_anterior = np.array([[-1.0, 0, 0, 9], [0, 0, 1, 0], [0, -1, 0, 9], [0, 0, 0, 1]])
    assert through_plane_axis(Grid((4, 5, 6), left_inferior_anterior)) == 1


def test_an_offset_of_the_whole_volume_costs_no_consistency(reference: Array) -> None:
    assert slice_consistency(reference + 5, reference, axis=2, spacing_mm=3) == pytest.approx(
        0, abs=1e-12
    )
    assert slice_mean_std(reference + 5, reference, axis=2) == pytest.approx(0, abs=1e-12)


def test_alternating_slices_cost_twice_their_amplitude_over_the_spacing(reference: Array) -> None:
    flicker = 4 * (-1.0) ** np.arange(8)
    synthesized = reference + flicker
    # neighboring slices differ by 8 over 2 mm; the eight means are 4 and -4 in turn
    assert slice_consistency(synthesized, reference, axis=2, spacing_mm=2) == pytest.approx(4)
    assert slice_mean_std(synthesized, reference, axis=2) == pytest.approx(4)
    assert slice_consistency(synthesized, reference, axis=0, spacing_mm=2) == pytest.approx(0)
    np.testing.assert_allclose(slice_mean_difference(synthesized, reference, axis=2), flicker)


def test_the_mask_decides_which_slices_and_neighbors_count(reference: Array) -> None:
    mask = np.zeros(reference.shape, dtype=bool)
    mask[2, 3, 4:6] = True
    synthesized = reference.copy()
    synthesized[2, 3, 4] += 6
    synthesized[0, 0, :] += 100
    curve = slice_mean_difference(synthesized, reference, axis=2, mask=mask)
    assert np.isnan(curve[[0, 1, 2, 3, 6, 7]]).all()
    np.testing.assert_allclose(curve[4:6], [6, 0])
    distance = slice_consistency(synthesized, reference, axis=2, spacing_mm=1, mask=mask)
    assert distance == pytest.approx(6)


def test_a_single_slice_has_no_consistency(reference: Array) -> None:
    mask = np.zeros(reference.shape, dtype=bool)
    mask[:, :, 4] = True
    for inside, volume in ((mask, reference), (None, reference[:, :, :1])):
        assert np.isnan(slice_consistency(volume, volume, axis=2, spacing_mm=1, mask=inside))


def test_shapes_that_differ_are_refused(reference: Array) -> None:
    with pytest.raises(GridError, match="reference"):
        slice_mean_difference(reference[1:], reference, axis=2)


def test_the_jitter_of_slices_counts_inside_the_mask_alone(reference: Array) -> None:
    mask = np.zeros(reference.shape, dtype=bool)
    mask[2:4, 2:4] = True
    synthesized = reference + 4 * (-1.0) ** np.arange(8) * mask
    synthesized[0, 0] += np.linspace(-90, 90, 8)
    assert slice_mean_std(synthesized, reference, axis=2, mask=mask) == pytest.approx(4)


def test_a_mask_without_voxels_has_no_jitter(reference: Array) -> None:
    mask = np.zeros(reference.shape, dtype=bool)
    assert np.isnan(slice_mean_std(reference, reference, axis=2, mask=mask))


def test_differences_of_large_float32_values_are_not_rounded() -> None:
    reference = np.full((3, 3, 3), 0.25, dtype=np.float32)
    large = np.full((3, 3, 3), 2.0**26, dtype=np.float32)  # its neighbors in float32 are 8 apart
    assert slice_mean_difference(large, reference, axis=2)[0] == 2.0**26 - 0.25


def test_of_equal_spacings_the_axis_that_rises_most_steeply_is_through_the_plane() -> None:
    # The second axis rises more by 0.7 %; the third is spaced 0.9 % wider, which counts as equal.
    up, across = np.sin(np.radians(45.2)), np.cos(np.radians(45.2))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[1, 0, 0], [0, across, -up], [0, up, across]]) * [1.0, 1.0, 1.009]
    assert through_plane_axis(Grid((4, 5, 6), affine)) == 1
