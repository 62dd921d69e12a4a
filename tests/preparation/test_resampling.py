"""Laws of one interpolation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.transform import Rotation

from crossvox.preparation.resampling import ROTATION_TOLERANCE, resample, working_grid
from crossvox.volume import Grid, Volume
from grids import grid_of, noise, rotation, turned


def on_grid(volume: Volume, grid: Grid, *, outside: float) -> np.ndarray:
    """`volume` on `grid` by SimpleITK's linear interpolation."""
    sitk = pytest.importorskip("SimpleITK")
    lps = np.diag([-1.0, -1.0, 1.0, 1.0])
    images = []
    for voxels, placed in ((volume.voxels, volume.grid), (np.zeros(grid.shape, "f4"), grid)):
        image = sitk.GetImageFromArray(np.ascontiguousarray(voxels.transpose(2, 1, 0)))
        affine = lps @ placed.affine
        image.SetSpacing(placed.spacing_mm)
        image.SetOrigin(affine[:3, 3].tolist())
        image.SetDirection((affine[:3, :3] / placed.spacing_mm).ravel().tolist())
        images.append(image)
    moved = sitk.Resample(*images, sitk.Transform(), sitk.sitkLinear, outside)
    return np.asarray(sitk.GetArrayFromImage(moved).transpose(2, 1, 0))


@given(
    shape=st.tuples(*[st.integers(2, 7)] * 3),
    spacing=st.tuples(*[st.floats(0.3, 6)] * 3),
    order=st.permutations([0, 1, 2]),
    signs=st.tuples(*[st.sampled_from([-1, 1])] * 3),
    degrees=st.floats(-40, 40),
)
@settings(max_examples=300, deadline=None)
def test_unchanged_spacing_there_and_back_is_bit_exact(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    order: list[int],
    signs: tuple[int, int, int],
    degrees: float,
) -> None:
    grid = grid_of(
        shape,
        spacing=spacing,
        order=(order[0], order[1], order[2]),
        signs=signs,
        degrees=degrees,
    )
    volume = noise(grid)
    working = working_grid(grid, spacing_mm=None)
    there = resample(volume, working, outside=-1.0)
    back = resample(there, grid, outside=-1.0)
    assert np.array_equal(back.voxels, volume.voxels)
    assert np.array_equal(np.sort(there.voxels, axis=None), np.sort(volume.voxels, axis=None))


def test_working_grid_points_to_right_anterior_superior() -> None:
    grid = grid_of((4, 5, 6), spacing=(1, 2, 3), order=(2, 0, 1), signs=(-1, 1, -1), degrees=20)
    working = working_grid(grid, spacing_mm=None)
    assert (np.diag(working.affine[:3, :3]) > 0).all()
    assert working.shape == (5, 6, 4)
    assert working.spacing_mm == pytest.approx((2, 3, 1))


def test_working_grid_of_another_spacing_keeps_the_field_of_view() -> None:
    grid = grid_of((40, 30, 10), spacing=(0.5, 1, 4))
    working = working_grid(grid, spacing_mm=(1, 1, 2))
    assert working.shape == (20, 30, 20)
    middle = (np.array([grid.shape, working.shape]) - 1) / 2
    np.testing.assert_allclose(grid.to_mm(middle[:1]), working.to_mm(middle[1:]))


@pytest.mark.parametrize("degrees", [0.0, 15.0])
def test_a_linear_ramp_is_interpolated_exactly_inside(degrees: float) -> None:
    grid = grid_of((20, 20, 20), spacing=(1, 1.5, 2))
    ramp = grid.to_mm(np.argwhere(np.ones(grid.shape)).astype(float)) @ np.array([1.0, -2.0, 3.0])
    volume = Volume(ramp.reshape(grid.shape).astype(np.float32), grid)
    center = grid.to_mm(np.array([[9.5, 9.5, 9.5]]))[0]
    affine = np.eye(4)
    affine[:3, :3] = rotation(degrees) * 0.7
    affine[:3, 3] = center - affine[:3, :3] @ np.array([4.0, 4.0, 4.0])
    finer = Grid((9, 9, 9), affine)
    moved = resample(volume, finer, outside=0.0)
    wanted = finer.to_mm(np.argwhere(np.ones((9, 9, 9))).astype(float)) @ np.array([1.0, -2.0, 3.0])
    # float32 voxels of up to 150: rounding of a few 1e-5
    np.testing.assert_allclose(moved.voxels.ravel(), wanted, atol=1e-3)


def test_a_coarser_grid_averages_instead_of_picking() -> None:
    grid = grid_of((40, 4, 4))
    stripes = np.zeros(grid.shape, dtype=np.float32)
    stripes[::2] = 1
    coarser = working_grid(grid, spacing_mm=(4, 1, 1))
    inner = resample(Volume(stripes, grid), coarser, outside=0.0).voxels[1:-1]
    np.testing.assert_allclose(inner, 0.5, atol=1e-6)


def test_both_ways_of_interpolating_agree_where_both_apply() -> None:
    grid = grid_of((12, 12, 12))
    volume = noise(grid)
    shifted = grid.affine.copy()
    shifted[:3, 3] += 0.3
    aligned = Grid((10, 10, 10), shifted)
    nearly = shifted.copy()
    nearly[:3, :3] = rotation(0.1) @ nearly[:3, :3]
    fast = resample(volume, aligned, outside=0.0).voxels
    slow = resample(volume, Grid((10, 10, 10), nearly), outside=0.0).voxels
    # a tenth of a degree moves voxels by up to 0.06 of one, twice the largest neighbor step
    assert np.abs(fast - slow)[:9, :9, :9].mean() < 0.05


@pytest.mark.parametrize("degrees", [0.0, 30.0])
def test_beyond_the_field_of_view_is_the_value_asked_for(degrees: float) -> None:
    volume = Volume(np.zeros((4, 4, 4), dtype=np.float32), grid_of((4, 4, 4)))
    affine = volume.grid.affine.copy()
    affine[:3, :3] = rotation(degrees) @ affine[:3, :3]
    affine[:3, 3] += 100
    assert (resample(volume, Grid((3, 3, 3), affine), outside=-7.0).voxels == -7).all()


def test_nearest_makes_no_new_values() -> None:
    grid = grid_of((9, 9, 9))
    labels = np.random.default_rng(0).integers(0, 5, grid.shape).astype(np.float32)
    finer = working_grid(grid, spacing_mm=(0.7, 0.9, 1.3))
    moved = resample(Volume(labels, grid), finer, interpolation="nearest", outside=0.0)
    assert set(np.unique(moved.voxels)) <= set(range(5))


@given(
    shape=st.tuples(*[st.integers(4, 12)] * 3),
    spacing=st.tuples(*[st.floats(0.5, 3)] * 3),
    degrees=st.floats(0.5, 60),
    axis=st.tuples(*[st.floats(0.1, 1)] * 3),
    shift_mm=st.tuples(*[st.floats(-2, 2)] * 3),
)
@settings(max_examples=60, deadline=None)
def test_an_oblique_grid_gets_what_simpleitk_gives_it(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    degrees: float,
    axis: tuple[float, float, float],
    shift_mm: tuple[float, float, float],
) -> None:
    volume = noise(grid_of(shape, spacing=spacing))
    affine = turned(volume.grid, degrees, axis=axis).affine.copy()
    affine[:3, :3] *= 0.5 / max(spacing)  # finer along every axis: no smoothing, which they lack
    affine[:3, 3] += shift_mm
    grid = Grid((9, 10, 11), affine)
    ours = resample(volume, grid, outside=np.nan).voxels
    theirs = on_grid(volume, grid, outside=-99)
    inside = np.isfinite(ours) & (theirs != -99)
    step = np.linalg.inv(volume.grid.affine) @ grid.affine
    crossed = np.abs(step[:3, :3] - np.diag(np.diag(step[:3, :3]))) @ grid.shape
    # a turn that moves nothing by 0.01 voxels is ignored on purpose, at each axis and each end
    ignored = crossed.max() < ROTATION_TOLERANCE
    places = np.moveaxis(np.indices(grid.shape), 0, -1) @ step[:3, :3].T + step[:3, 3]
    middle = (np.array(shape) - 1) / 2
    beyond = np.abs(places - middle) - (middle + 0.5)
    at_border = (np.abs(beyond) < (2 * ROTATION_TOLERANCE if ignored else 2e-4)).any(axis=-1)
    # positions within rounding of the border of the field of view may fall on either side
    assert not ((np.isfinite(ours) != (theirs != -99)) & ~at_border).any()
    tolerance = 3 * ROTATION_TOLERANCE * float(np.ptp(volume.voxels)) if ignored else 2e-5
    np.testing.assert_allclose(ours[inside], theirs[inside], atol=tolerance)


@pytest.mark.parametrize("degrees", [0.05, 0.2])
def test_a_grid_turned_by_a_hair_loses_no_slice(degrees: float) -> None:
    grid = grid_of((40, 36, 20), spacing=(1, 1, 3))
    volume = Volume(np.ones(grid.shape, dtype=np.float32), grid)
    moved = resample(volume, turned(grid, degrees, axis=(0.6, 0.8, 0.0)), outside=np.nan)
    # the corners move by 0.07 mm at most, far less than the half voxel beyond the last centers
    assert (moved.voxels == 1).all()


@pytest.mark.parametrize("ratio", [0.7, 1.05, 1.2, 1.37, 1.5, 1.7, 2.0, 2.6, 5.0])
def test_no_change_of_spacing_moves_content(ratio: float) -> None:
    grid = grid_of((60, 3, 3))
    x = grid.to_mm(np.argwhere(np.ones(grid.shape)).astype(float))[:, 0].reshape(grid.shape)
    affine = grid.affine @ np.diag([ratio, 1, 1, 1])
    affine[0, 3] += 10.3
    coarser = Grid((int(35 / ratio), 3, 3), affine)
    moved = resample(Volume(x.astype(np.float32), grid), coarser, outside=0.0)
    wanted = affine[0, 3] + ratio * np.arange(coarser.shape[0])
    # a ramp keeps its values only where the centroid of the weights is the voxel's own place
    np.testing.assert_allclose(moved.voxels[:, 1, 1], wanted, atol=2e-5)  # float32 of up to 40


@pytest.mark.parametrize(("ratio", "left"), [(1.5, 0.21), (1.7, 0.1), (2.0, 0.001), (5.0, 0.041)])
def test_an_alternating_pattern_does_not_alias(ratio: float, left: float) -> None:
    grid = grid_of((80, 3, 3))
    stripes = np.ones(grid.shape, dtype=np.float32)
    stripes[::2] = -1
    coarser = working_grid(grid, spacing_mm=(ratio, 1, 1))
    inner = resample(Volume(stripes, grid), coarser, outside=0.0).voxels[2:-2]
    # a triangle as wide as the new spacing lets through sinc(ratio / 2) squared and its images
    assert np.abs(inner).max() <= left


@pytest.mark.parametrize("size", [12, 17, 23, 40])
def test_a_grid_five_times_coarser_covers_all_planes_on_the_way_back(size: int) -> None:
    grid = grid_of((size, 4, 4))
    working = working_grid(grid, spacing_mm=(5, 1, 1))
    there = resample(Volume(np.ones(grid.shape, np.float32), grid), working, outside=np.nan)
    back = resample(there, grid, outside=None)
    assert (there.voxels == 1).all()
    np.testing.assert_allclose(back.voxels, 1, atol=1e-6)  # weights sum to 1 in float32


@pytest.mark.parametrize("degrees", [0.0, 2.0])
def test_the_field_of_view_ends_half_a_voxel_beyond_the_last_center(degrees: float) -> None:
    volume = Volume(np.ones((6, 6, 6), dtype=np.float32), grid_of((6, 6, 6), spacing=(2, 2, 2)))
    affine = volume.grid.affine @ np.diag([0.3, 1, 1, 1])
    affine[:3, 3] = volume.grid.to_mm(np.array([[5.0, 1, 1]]))[0]
    affine[:3, :3] = rotation(degrees) @ affine[:3, :3]
    moved = resample(volume, Grid((5, 3, 3), affine), outside=np.nan)
    # along x they lie at 5.0, 5.3, 5.6, 5.9 and 6.2, turned by up to 0.07 of a voxel
    assert np.isfinite(moved.voxels[:2]).all()
    assert np.isnan(moved.voxels[2:]).all()


@pytest.mark.parametrize("spacing_mm", [1.5, 3.0])
def test_an_oblique_coarser_grid_smooths_as_much_as_its_spacing_asks_for(
    spacing_mm: float,
) -> None:
    grid = grid_of((60, 60, 60))
    volume = noise(grid)
    turn = Rotation.from_rotvec(np.radians(20) * np.array([0.6, 0.0, 0.8])).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing_mm
    affine[:3, 3] = grid.to_mm(np.array([[30.0, 30, 30]]))[0] - affine[:3, :3] @ (5, 5, 5)
    coarser = Grid((11, 11, 11), affine)
    step = np.linalg.inv(grid.affine) @ affine
    # the full width at half maximum that brings a voxel to the coarser spacing along each axis
    width = np.sqrt(np.abs(step[:3, :3]).max(axis=1) ** 2 - 1)
    smoothed = ndimage.gaussian_filter(
        volume.voxels, width / np.sqrt(8 * np.log(2)), mode="nearest"
    )
    places = np.einsum("ij,jxyz->ixyz", step[:3, :3], np.indices(coarser.shape))
    places += step[:3, 3][:, None, None, None]
    expected = ndimage.map_coordinates(smoothed, places, order=1, mode="nearest")
    moved = resample(volume, coarser, outside=0.0).voxels
    # the ratio of width to deviation is rounded to four digits
    np.testing.assert_allclose(moved, expected, atol=3e-4)


def test_labels_on_an_oblique_coarser_grid_stay_labels() -> None:
    grid = grid_of((20, 20, 20))
    labels = np.random.default_rng(0).integers(0, 5, grid.shape).astype(np.float32)
    coarser = turned(working_grid(grid, spacing_mm=(2, 2, 2)), 20, axis=(0, 0, 1))
    moved = resample(Volume(labels, grid), coarser, interpolation="nearest", outside=0.0)
    assert set(np.unique(moved.voxels)) == set(range(5))


def test_nearest_takes_the_voxel_whose_center_is_nearest() -> None:
    grid = grid_of((10, 4, 4))
    voxels = np.broadcast_to(np.arange(10, dtype=np.float32)[:, None, None], grid.shape)
    finer = working_grid(grid, spacing_mm=(0.4, 1, 1))
    moved = resample(Volume(voxels.copy(), grid), finer, interpolation="nearest", outside=None)
    positions = (np.arange(finer.shape[0]) + 0.5) * 0.4 - 0.5
    np.testing.assert_array_equal(moved.voxels[:, 0, 0], np.round(positions).clip(0, 9))


def test_a_spacing_within_a_thousandth_is_kept() -> None:
    grid = grid_of((8, 8, 8), spacing=(1.0, 1.0, 2.0))
    assert working_grid(grid, spacing_mm=(1.0005, 1, 2)).matches(grid, tolerance_mm=0)
    assert not working_grid(grid, spacing_mm=(1.01, 1, 2)).matches(grid, tolerance_mm=0)
