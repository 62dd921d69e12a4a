"""Whether neighboring slices of a synthesized volume belong together.

Slices lie across the *through-plane axis*, along which a scanner's slices are thickest.
"""

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import GridError
from crossvox.metrics.similarity import Mask, Voxels
from crossvox.volume import Grid

EQUAL_SPACING = 1.01


def through_plane_axis(grid: Grid) -> int:
    """The axis of the largest spacing.

    Where spacings agree to one per cent it is the one of them nearest to superior, in whichever
    order the file has its axes: slice-wise methods slice there.
    """
    spacing_mm = np.array(grid.spacing_mm)
    largest = np.flatnonzero(spacing_mm * EQUAL_SPACING >= spacing_mm.max())
    upwards = np.abs(grid.affine[2, :3]) / spacing_mm
    return int(largest[np.argmax(upwards[largest])])


def slice_consistency(
    synthesized: Voxels,
    reference: Voxels,
    *,
    axis: int,
    spacing_mm: float,
    mask: Mask | None = None,
) -> float:
    """Mean absolute difference of the two volumes' derivatives through the slices.

    Derivatives are differences of neighboring slices over their distance; a pair of voxels
    counts where both lie inside the mask. 0 is perfect; a constant offset of the whole volume
    costs nothing, an offset of single slices does.

    Args:
        synthesized: What was made.
        reference: What it should be.
        axis: Through the slices.
        spacing_mm: Between neighboring slices.
        mask: Where to look.

    Returns:
        In the volumes' unit per millimeter; NaN where no two neighboring slices touch the mask.

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
    """Mean of synthesized minus reference in each slice: (slices,); NaN beside the mask."""
    difference = _difference(synthesized, reference)
    inside = np.ones(difference.shape, dtype=bool) if mask is None else mask
    others = tuple(other for other in range(difference.ndim) if other != axis)
    counts = inside.sum(axis=others)
    sums = np.where(inside, difference, 0.0).sum(axis=others)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def slice_mean_std(
    synthesized: Voxels, reference: Voxels, *, axis: int, mask: Mask | None = None
) -> float:
    """Standard deviation over slices of `slice_mean_difference`: brightness jumping about."""
    curve = slice_mean_difference(synthesized, reference, axis=axis, mask=mask)
    known = curve[np.isfinite(curve)]
    return float(known.std()) if known.size else float("nan")


def _difference(synthesized: Voxels, reference: Voxels) -> NDArray[np.float64]:
    if synthesized.shape != reference.shape:
        raise GridError(f"synthesized is {synthesized.shape}, the reference {reference.shape}")
    return np.subtract(synthesized, reference, dtype=np.float64)


def _neighbors(mask: Mask, axis: int) -> tuple[Mask, Mask]:
    slices = np.moveaxis(mask, axis, 0)
    return np.moveaxis(slices[:-1], 0, axis), np.moveaxis(slices[1:], 0, axis)
