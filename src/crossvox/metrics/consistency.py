"""Measures of the consistency between neighboring slices of a synthesized volume.

Slices are perpendicular to the *through-plane axis*, the axis with the largest voxel spacing.
"""

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import GridError
from crossvox.metrics.similarity import Mask, Voxels
from crossvox.volume import Grid

EQUAL_SPACING_RATIO = 1.01


def through_plane_axis(grid: Grid) -> int:
    """Axis with the largest voxel spacing.

    Among axes whose spacings agree within one percent, it is the one closest to the superior
    direction, whatever the order of the axes in the file: 2D methods slice along it.
    """
    spacing_mm = np.array(grid.spacing_mm)
    largest = np.flatnonzero(spacing_mm * EQUAL_SPACING_RATIO >= spacing_mm.max())
    superior = np.abs(grid.affine[2, :3]) / spacing_mm
    return int(largest[np.argmax(superior[largest])])


def slice_consistency(
    synthesized: Voxels,
    reference: Voxels,
    *,
    axis: int,
    spacing_mm: float,
    mask: Mask | None = None,
) -> float:
    """Mean absolute difference between the through-plane derivatives of the two volumes.

    Derivatives are differences of neighboring slices divided by their distance; a pair of voxels
    counts if both are inside the mask. 0 is perfect; a constant offset of the whole volume does
    not change the value, an offset of single slices does.

    Args:
        synthesized: Synthesized voxels.
        reference: Reference voxels.
        axis: Index of the through-plane axis.
        spacing_mm: Distance between neighboring slices in mm.
        mask: Voxels that count; None for all.

    Returns:
        Value in the volumes' unit per mm; NaN if the mask has no pair of neighboring voxels.

    Raises:
        GridError: Shapes differ.
    """
    difference = _difference(synthesized, reference)
    steps = np.abs(np.diff(difference, axis=axis)) / spacing_mm
    if mask is None:
        return float(steps.mean()) if steps.size else float("nan")
    low, high = _neighbors(mask, axis)
    both = low & high
    return float(steps[both].mean()) if both.any() else float("nan")


def slice_mean_difference(
    synthesized: Voxels, reference: Voxels, *, axis: int, mask: Mask | None = None
) -> NDArray[np.float64]:
    """Mean of synthesized minus reference in each slice, (slices,); NaN outside the mask."""
    difference = _difference(synthesized, reference)
    inside = np.ones(difference.shape, dtype=bool) if mask is None else mask
    others = tuple(other for other in range(difference.ndim) if other != axis)
    counts = inside.sum(axis=others)
    sums = np.where(inside, difference, 0.0).sum(axis=others)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def slice_mean_std(
    synthesized: Voxels, reference: Voxels, *, axis: int, mask: Mask | None = None
) -> float:
    """Standard deviation over slices of `slice_mean_difference`: jitter of their brightness."""
    curve = slice_mean_difference(synthesized, reference, axis=axis, mask=mask)
    finite = curve[np.isfinite(curve)]
    return float(finite.std()) if finite.size else float("nan")


def _difference(synthesized: Voxels, reference: Voxels) -> NDArray[np.float64]:
    if synthesized.shape != reference.shape:
        raise GridError(
            f"synthesized has shape {synthesized.shape}, the reference {reference.shape};"
            " bring both to one grid"
        )
    return np.subtract(synthesized, reference, dtype=np.float64)


def _neighbors(mask: Mask, axis: int) -> tuple[Mask, Mask]:
    slices = np.moveaxis(mask, axis, 0)
    return np.moveaxis(slices[:-1], 0, axis), np.moveaxis(slices[1:], 0, axis)
