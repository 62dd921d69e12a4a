"""Resampling volumes to a coarse lattice."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from crossvox.screening.coarse import coarsen, lattice_around, lattice_step_mm
from crossvox.volume import Grid, Volume

RADIUS_MM = 70.0


def _ball(affine: np.ndarray, shape: tuple[int, int, int]) -> Volume:
    """Bright ball around the origin on any grid."""
    grid = Grid(shape, affine)
    positions = grid.to_mm(np.indices(shape).reshape(3, -1).T.astype(np.float64))
    inside = np.linalg.norm(positions, axis=1) < RADIUS_MM
    return Volume(np.where(inside, 500, 0).reshape(shape).astype(np.float32), grid)


def _centered(steps: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = steps
    affine[:3, 3] = -steps @ ((np.array(shape) - 1) / 2)
    return affine


def test_a_head_is_looked_at_every_four_millimeters_and_a_mouse_finer() -> None:
    assert lattice_step_mm(Grid((101, 101, 51), np.diag([2.0, 2, 3, 1]))) == 4
    assert lattice_step_mm(Grid((101, 101, 51), np.diag([0.3, 0.3, 0.3, 1]))) == pytest.approx(1.0)


def test_the_lattice_covers_the_grid_along_the_axes_of_the_patient() -> None:
    rotation = Rotation.from_euler("xyz", (20, 30, 40), degrees=True).as_matrix()
    grid = Grid((50, 60, 30), _centered(rotation * [2, 2, 5], (50, 60, 30)))
    lattice = lattice_around(grid, step_mm=4.0)
    np.testing.assert_array_equal(lattice.affine[:3, :3], 4 * np.eye(3))
    assert (lattice.corners_mm().min(axis=0) <= grid.corners_mm().min(axis=0)).all()
    assert (lattice.corners_mm().max(axis=0) >= grid.corners_mm().max(axis=0)).all()


@pytest.mark.parametrize(
    ("angles", "spacing", "shape"),
    [
        ((0, 0, 0), (2.0, 2.0, 2.0), (90, 90, 90)),
        ((10, 20, -30), (0.9, 0.9, 5.0), (230, 230, 40)),
        ((90, 0, 180), (1.5, -2.0, 3.0), (120, 100, 70)),
    ],
)
def test_the_same_ball_is_found_on_every_grid(
    angles: tuple[float, ...], spacing: tuple[float, ...], shape: tuple[int, int, int]
) -> None:
    rotation = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    volume = _ball(_centered(rotation * spacing, shape), shape)
    lattice = lattice_around(_ball(_centered(np.eye(3) * 2, (90,) * 3), (90,) * 3).grid, step_mm=4)
    coarse = coarsen(volume, lattice)
    found_mm3 = np.count_nonzero(coarse.head) * lattice.voxel_mm3
    # A tenth of the intensity is reached up to one lattice step (4 mm) outside the ball.
    radius_mm = np.cbrt(found_mm3 * 3 / 4 / np.pi)
    assert RADIUS_MM - 1 < radius_mm < RADIUS_MM + 4
    assert coarse.median == pytest.approx(500, rel=0.01)


def test_outside_the_field_of_view_nothing_is_seen() -> None:
    volume = _ball(_centered(np.eye(3) * 2, (90, 90, 40)), (90, 90, 40))
    lattice = lattice_around(Grid((90, 90, 90), _centered(np.eye(3) * 2, (90,) * 3)), step_mm=4)
    coarse = coarsen(volume, lattice)
    assert (coarse.levels[:, :, 0] == -1).all()
    assert coarse.empty[:, :, 0].all()
    assert not coarse.head[:, :, 0].any()


def test_a_mirrored_volume_is_itself_when_mirrored_again() -> None:
    volume = _ball(_centered(np.eye(3) * 3, (50, 50, 50)), (50, 50, 50))
    coarse = coarsen(volume, lattice_around(volume.grid, step_mm=4))
    np.testing.assert_array_equal(coarse.mirrored().mirrored().levels, coarse.levels)
