"""Foreground of a volume: Otsu threshold and head mask."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BINS = 256
CLIP_PERCENTILE = 99.5
OTSU_SHARE = 0.5  # of Otsu's threshold
CLOSING_VOXELS = 2
PLATEAU_TOLERANCE = 1e-9  # relative, of the variance between classes


def ascending(voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sorted intensities of a volume, for cheap percentiles and thresholds."""
    return np.sort(voxels.ravel(order="K"))  # in memory order, which avoids a slow copy


def percentile(ordered: NDArray[np.float32], share: float) -> float:
    """Percentile `share` (0 to 100) of sorted intensities, with linear interpolation."""
    position = (len(ordered) - 1) * share / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    low, high = float(ordered[below]), float(ordered[above])
    return low + (high - low) * (position - below)


def otsu_threshold(ordered: NDArray[np.float32]) -> float:
    """Otsu's threshold of intensities that are clipped at their 99.5 percentile.

    Args:
        ordered: Intensities of a volume in ascending order; any unit.

    Source:
        Otsu 1979, doi 10.1109/TSMC.1979.4310076, equation 18
    """
    edges = np.linspace(float(ordered[0]), percentile(ordered, CLIP_PERCENTILE), BINS + 1)
    ends = np.searchsorted(ordered, edges[1:-1].astype(ordered.dtype))
    counts = np.diff(ends, prepend=0, append=len(ordered))
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = counts.sum() - below
    sums = np.cumsum(counts * centers)
    difference = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below * above * difference**2
    # With no voxels between the classes, all thresholds in the gap are equal: take the middle.
    best = np.flatnonzero(between >= between.max() * (1 - PLATEAU_TOLERANCE))
    return float(edges[1 + best].mean())


def head_mask(voxels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mask of the head (or body): the largest bright component, without holes.

    The largest connected component above half the Otsu threshold of intensities clipped at their
    99.5 percentile, closed by two voxels, with holes filled in 3D and in every slice along each
    axis. Half the threshold is used because the full threshold loses skull and fluid, while MR
    background noise and air in CT lie well below half.

    Args:
        voxels: Intensities (X, Y, Z) in any unit, brighter than the background.

    Returns:
        Mask (X, Y, Z); true everywhere if the volume is constant.
    """
    ordered = ascending(voxels)
    low = float(ordered[0])
    if percentile(ordered, CLIP_PERCENTILE) <= low:
        return np.ones(voxels.shape, dtype=bool)
    threshold = low + OTSU_SHARE * (otsu_threshold(ordered) - low)
    bright = voxels > threshold
    piece = _largest_component(bright)
    closed = ndimage.binary_closing(np.pad(piece, CLOSING_VOXELS), iterations=CLOSING_VOXELS)
    inner = (slice(CLOSING_VOXELS, -CLOSING_VOXELS),) * voxels.ndim
    return _filled(closed[inner])


def _largest_component(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    labels, count = ndimage.label(mask)
    if count <= 1:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(sizes.argmax()))


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    filled = np.array(ndimage.binary_fill_holes(mask), dtype=bool)
    for axis in range(mask.ndim):
        slices = np.moveaxis(filled, axis, 0)
        for index in range(len(slices)):
            slices[index] = ndimage.binary_fill_holes(slices[index])
    return filled
