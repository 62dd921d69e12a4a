"""Laws of one interpolation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossvox.preparation.resampling import resample, working_grid
from crossvox.volume import Grid, Volume


def rotation(degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.eye(3)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn


def grid_of(
    shape: tuple[int, int, int],
    *,
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    order: tuple[int, int, int] = (0, 1, 2),
    signs: tuple[int, int, int] = (1, 1, 1),
    degrees: float = 0.0,
) -> Grid:
    axes = np.zeros((3, 3))
    for column, (row, sign, step) in enumerate(zip(order, signs, spacing, strict=True)):
        axes[row, column] = sign * step
    affine = np.eye(4)
    affine[:3, :3] = rotation(degrees) @ axes
    affine[:3, 3] = (-10, 20, 5)
    return Grid(shape, affine)


def noise(grid: Grid, seed: int = 0) -> Volume:
    voxels = np.random.default_rng(seed).normal(size=grid.shape).astype(np.float32)
    return Volume(voxels, grid)


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
    centre = grid.to_mm(np.array([[9.5, 9.5, 9.5]]))[0]
    affine = np.eye(4)
    affine[:3, :3] = rotation(degrees) * 0.7
    affine[:3, 3] = centre - affine[:3, :3] @ np.array([4.0, 4.0, 4.0])
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
    # a tenth of a degree moves voxels by up to 0.06 of one, twice the largest neighbour step
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
