"""Resample volumes to another grid by a single interpolation."""

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from nibabel.orientations import io_orientation
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter

from crossvox.volume.grid import Grid
from crossvox.volume.memory_order import copied_in_order
from crossvox.volume.volume import Volume

Interpolation = Literal["linear", "nearest"]

INDEX_TOLERANCE = 1e-4  # voxels; affines rounded to float32 differ by less
HALF_VOXEL = 0.5 + INDEX_TOLERANCE  # the field of view ends half a voxel beyond the last center
ROTATION_TOLERANCE = 1e-2  # voxels over the whole grid: a rotation that moves less is ignored
FWHM_PER_SIGMA = 2.355


def working_grid(grid: Grid, *, spacing_mm: tuple[float, float, float] | None) -> Grid:
    """`grid` with axes permuted and flipped to the nearest RAS+, at `spacing_mm` if not None.

    The field of view is kept; a new spacing is laid out symmetrically about its center.
    """
    order, flips = _nearest_ras(grid)
    reorientation = np.zeros((4, 4))
    reorientation[3, 3] = 1
    for new, (old, flip) in enumerate(zip(order, flips, strict=True)):
        reorientation[old, new] = -1 if flip else 1
        reorientation[old, 3] = grid.shape[old] - 1 if flip else 0
    shape = (grid.shape[order[0]], grid.shape[order[1]], grid.shape[order[2]])
    reoriented = Grid(shape, grid.affine @ reorientation)
    if spacing_mm is None or np.allclose(reoriented.spacing_mm, spacing_mm, rtol=1e-3):
        return reoriented
    return _respaced(reoriented, spacing_mm)


def resample(
    volume: Volume, grid: Grid, *, interpolation: Interpolation = "linear", outside: float | None
) -> Volume:
    """Resample `volume` to `grid` by a single interpolation.

    The field of view ends half a voxel beyond the last centers; in that margin the border voxels
    are repeated. If the axes of both grids are parallel, interpolation is separable and coinciding
    voxels are copied; if `grid` is coarser, linear interpolation averages over the coarser voxel,
    which avoids aliasing and shifts.

    Args:
        volume: Volume on any grid.
        grid: Grid of the result.
        interpolation: "linear", or "nearest" for masks and labels.
        outside: Value beyond the field of view, in the volume's unit; None repeats the border
            voxels there too.
    """
    step = np.linalg.inv(volume.grid.affine) @ grid.affine  # new index -> old index
    order = [int(np.argmax(np.abs(step[:3, new]))) for new in range(3)]
    rotation = step[:3, :3].copy()
    rotation[order, [0, 1, 2]] = 0
    reach = np.abs(rotation) @ np.array(grid.shape)
    aligned = sorted(order) == [0, 1, 2] and reach.max() < ROTATION_TOLERANCE
    interpolate = _along_axes if aligned else _through_affine
    voxels = interpolate(volume, grid, step, interpolation=interpolation, outside=outside)
    return replace(volume, voxels=voxels, grid=grid)


def _nearest_ras(grid: Grid) -> tuple[list[int], list[bool]]:
    """Array axis nearest to each of R, A, S, and whether it is flipped."""
    orientation = io_orientation(grid.affine)
    order = [int(np.flatnonzero(orientation[:, 0] == world)[0]) for world in range(3)]
    return order, [bool(orientation[old, 1] < 0) for old in order]


def _respaced(grid: Grid, spacing_mm: tuple[float, float, float]) -> Grid:
    ratios = np.array(spacing_mm) / np.array(grid.spacing_mm)
    sizes = np.maximum(1, np.round(np.array(grid.shape) / ratios)).astype(int)
    affine = grid.affine.copy()
    affine[:3, :3] = grid.affine[:3, :3] * ratios
    center = (np.array(grid.shape) - 1) / 2
    affine[:3, 3] = grid.to_mm(center[None])[0] - affine[:3, :3] @ ((sizes - 1) / 2)
    return Grid((int(sizes[0]), int(sizes[1]), int(sizes[2])), affine)


def _along_axes(
    volume: Volume,
    grid: Grid,
    step: NDArray[np.float64],
    *,
    interpolation: Interpolation,
    outside: float | None,
) -> NDArray[np.float32]:
    order = [int(np.argmax(np.abs(step[:3, new]))) for new in range(3)]
    voxels = np.transpose(volume.voxels, order)
    beyond = []
    for new, old in enumerate(order):
        ratio, size = float(step[old, new]), voxels.shape[new]
        positions = np.arange(grid.shape[new]) * ratio + step[old, 3]
        beyond.append((positions < -HALF_VOXEL) | (positions > size - 1 + HALF_VOXEL))
        indices = np.round(positions).astype(int)
        offset = np.abs(positions - indices).max()
        if abs(abs(ratio) - 1) < INDEX_TOLERANCE and offset < INDEX_TOLERANCE:
            voxels = _picked(voxels, np.clip(indices, 0, size - 1), axis=new)
            continue
        weights = _weights(positions, size, abs(ratio), interpolation=interpolation)
        voxels = np.moveaxis(np.tensordot(weights, voxels, axes=(1, new)), 0, new)
    voxels = copied_in_order(voxels.astype(np.float32, copy=False), "C")
    if outside is not None:
        voxels[beyond[0]] = outside
        voxels[:, beyond[1]] = outside
        voxels[:, :, beyond[2]] = outside
    return voxels


def _picked(
    voxels: NDArray[np.float32], indices: NDArray[np.int64], *, axis: int
) -> NDArray[np.float32]:
    """`voxels` at `indices` along an axis; a view if the indices are consecutive."""
    first, last = int(indices[0]), int(indices[-1])
    direction = 1 if last >= first else -1
    if not np.array_equal(indices, np.arange(first, last + direction, direction)):
        return np.take(voxels, indices, axis=axis)
    end = last + direction
    consecutive = slice(first, end if end >= 0 else None, direction)
    return voxels[(*[slice(None)] * axis, consecutive)]


def _weights(
    positions: NDArray[np.float64], size: int, ratio: float, *, interpolation: Interpolation
) -> NDArray[np.float32]:
    """(new, old) weights along an axis: a triangle scaled to the coarser spacing."""
    if interpolation == "nearest":
        distance = np.clip(positions, 0, size - 1)[:, None] - np.arange(size)[None]
        nearest = np.argmin(np.abs(distance), axis=1)
        return np.asarray(nearest[:, None] == np.arange(size), dtype=np.float32)
    width = max(1.0, ratio)
    margin = math.ceil(width) + 1
    old_indices = np.arange(-margin, size + margin)
    distance = old_indices[None] - np.clip(positions, -1, size)[:, None]
    weights = _centered(np.maximum(0, 1 - np.abs(distance) / width), distance)
    inner = weights[:, margin:-margin]
    inner[:, 0] += weights[:, :margin].sum(axis=1)  # border voxels are repeated beyond the grid
    inner[:, -1] += weights[:, -margin:].sum(axis=1)
    return np.asarray(inner, dtype=np.float32)


def _centered(weights: NDArray[np.float64], distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """`weights` with rows that sum to 1 and have their centroid at distance 0.

    A triangle wider than a voxel, sampled at voxels, has its centroid up to 0.08 voxels off its
    peak, which would shift contents. Factors linear in the distance correct the centroid.
    """
    weights = weights / weights.sum(axis=1, keepdims=True)
    centroid = (weights * distance).sum(axis=1, keepdims=True)
    offset = distance - centroid
    variance = (weights * offset**2).sum(axis=1, keepdims=True)
    slope = np.divide(centroid, variance, out=np.zeros_like(centroid), where=variance > 0)
    return np.asarray(np.maximum(weights * (1 - slope * offset), 0))


def _through_affine(
    volume: Volume,
    grid: Grid,
    step: NDArray[np.float64],
    *,
    interpolation: Interpolation,
    outside: float | None,
) -> NDArray[np.float32]:
    voxels = volume.voxels
    if interpolation == "linear":
        ratios = np.abs(step[:3, :3]).max(axis=1)
        sigmas = np.sqrt(np.maximum(ratios**2 - 1, 0)) / FWHM_PER_SIGMA
        if sigmas.max() > 0:
            voxels = gaussian_filter(voxels, sigmas, mode="nearest")
    order = 1 if interpolation == "linear" else 0
    resampled = affine_transform(voxels, step, output_shape=grid.shape, order=order, mode="nearest")
    resampled = np.asarray(resampled, dtype=np.float32)
    if outside is not None:
        _fill_beyond(resampled, step, volume.grid.shape, value=outside)
    return resampled


def _fill_beyond(
    voxels: NDArray[np.float32],
    step: NDArray[np.float64],
    shape: tuple[int, int, int],
    *,
    value: float,
) -> None:
    """Set to `value` all voxels that `step` maps outside the field of view of a grid of `shape`."""
    y, z = np.arange(voxels.shape[1])[:, None], np.arange(voxels.shape[2])[None]
    planes = [row[1] * y + row[2] * z + row[3] for row in step[:3]]
    for x in range(voxels.shape[0]):
        inside = np.ones(voxels.shape[1:], dtype=bool)
        for row, plane, size in zip(step[:3], planes, shape, strict=True):
            inside &= np.abs(plane + (row[0] * x - (size - 1) / 2)) <= (size - 1) / 2 + HALF_VOXEL
        voxels[x][~inside] = value
