"""Grids at an angle, and noise on them."""

import numpy as np
from scipy.spatial.transform import Rotation

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


def turned(grid: Grid, degrees: float, *, axis: tuple[float, float, float]) -> Grid:
    """`grid` turned about its middle."""
    middle = grid.to_mm((np.array(grid.shape)[None] - 1) / 2)[0]
    affine = grid.affine.copy()
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array(axis)).as_matrix()
    affine[:3, :3] = turn @ grid.affine[:3, :3]
    affine[:3, 3] = middle - turn @ (middle - grid.affine[:3, 3])
    return Grid(grid.shape, affine)


def noise(grid: Grid, seed: int = 0) -> Volume:
    voxels = np.random.default_rng(seed).normal(size=grid.shape).astype(np.float32)
    return Volume(voxels, grid)
