"""Properties of Grid."""

import numpy as np
import pytest

from crossvox.errors import GridError
from crossvox.volume import Grid

OBLIQUE = np.array(
    [[0.0, -3.0, 0.0, 11.0], [1.6, 0.0, -1.2, -7.0], [1.2, 0.0, 1.6, 5.0], [0.0, 0.0, 0.0, 1.0]]
)


def test_a_grid_of_our_own_is_told_in_both_forms_as_scanner_coordinates() -> None:
    forms = Grid((4, 5, 6), OBLIQUE).forms
    assert (forms.sform_code, forms.qform_code, forms.qform) == (1, 1, None)


def test_spacing_is_the_length_of_each_axis_step() -> None:
    assert Grid((4, 5, 6), OBLIQUE).spacing_mm == pytest.approx((2.0, 3.0, 2.0))


def test_voxel_volume_of_an_oblique_grid_is_the_product_of_its_spacings() -> None:
    assert Grid((4, 5, 6), OBLIQUE).voxel_mm3 == pytest.approx(12.0)


def test_positions_and_indices_are_each_other_there_and_back() -> None:
    grid = Grid((4, 5, 6), OBLIQUE)
    indices = np.random.default_rng(0).uniform(-3, 9, (50, 3))
    # 1e-12 allows a few float64 roundings at this magnitude.
    np.testing.assert_allclose(grid.to_indices(grid.to_mm(indices)), indices, atol=1e-12)


def test_corners_are_the_extreme_voxel_centers() -> None:
    corners = Grid((3, 4, 5), np.diag([2.0, 2.0, 2.0, 1.0])).corners_mm()
    assert corners.shape == (8, 3)
    assert corners.max(axis=0).tolist() == [4.0, 6.0, 8.0]


def test_voxel_count_is_the_product_of_the_sizes() -> None:
    assert Grid((3, 4, 5), np.eye(4)).voxel_count == 60


def test_grid_matches_itself_moved_by_less_than_the_tolerance() -> None:
    moved = OBLIQUE.copy()
    moved[0, 3] += 0.009
    assert Grid((4, 5, 6), OBLIQUE).matches(Grid((4, 5, 6), moved))


def test_grid_does_not_match_one_that_drifts_apart_at_a_far_corner() -> None:
    stretched = OBLIQUE.copy()
    stretched[:3, :3] *= 1.002
    assert not Grid((4, 5, 6), OBLIQUE).matches(Grid((4, 5, 6), stretched))


def test_grid_does_not_match_one_of_another_shape() -> None:
    assert not Grid((4, 5, 6), OBLIQUE).matches(Grid((4, 5, 7), OBLIQUE))


def test_grid_says_its_sizes_and_spacings() -> None:
    assert str(Grid((4, 5, 6), OBLIQUE)) == "4x5x6 voxels of 2 x 3 x 2 mm"


def test_affine_of_a_grid_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Grid((4, 5, 6), OBLIQUE).affine[0, 0] = 1.0


def test_changing_the_array_a_grid_was_made_from_leaves_the_grid_alone() -> None:
    affine = OBLIQUE.copy()
    grid = Grid((4, 5, 6), affine)
    affine[0, 3] = 99.0
    assert grid.affine[0, 3] == 11.0


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 0), (4, 5, -1)])
def test_impossible_sizes_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(GridError, match="three sizes"):
        Grid(shape, OBLIQUE)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_affine_that_is_not_finite_is_refused(value: float) -> None:
    affine = OBLIQUE.copy()
    affine[1, 1] = value
    with pytest.raises(GridError, match="finite"):
        Grid((4, 5, 6), affine)


def test_a_singular_affine_is_refused() -> None:
    with pytest.raises(GridError, match="singular"):
        Grid((4, 5, 6), np.diag([1.0, 0.0, 1.0, 1.0]))
