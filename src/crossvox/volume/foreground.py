"""The bright part of a volume: above a threshold, and as the head in one piece."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BINS = 256
BRIGHTEST = 99.5
OF_OTSU = 0.5
CLOSING_VOXELS = 2
LARGEST = 1
PLATEAU = 1e-9


def ascending(voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    """All intensities of a volume in order, of which percentiles and thresholds cost nothing."""
    return np.sort(voxels.ravel(order="K"))  # as they lie: any other order would cost more


def percentile(ordered: NDArray[np.float32], share: float) -> float:
    """The intensity that `share` percent of them lie below, linear between two of them."""
    place = (len(ordered) - 1) * share / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    low, high = float(ordered[below]), float(ordered[above])
    return low + (high - low) * (place - below)


def otsu_threshold(ordered: NDArray[np.float32]) -> float:
    """The intensity that separates background and foreground best, brightest voxels cut down.

    Args:
        ordered: A volume's intensities, ascending; any unit.

    Source:
        Otsu 1979, doi 10.1109/TSMC.1979.4310076, equation 18
    """
    edges = np.linspace(float(ordered[0]), percentile(ordered, BRIGHTEST), BINS + 1)
    ends = np.searchsorted(ordered, edges[1:-1].astype(ordered.dtype))
    counts = np.diff(ends, prepend=0, append=len(ordered))
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = counts.sum() - below
    sums = np.cumsum(counts * centers)
    apart = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below * above * apart**2
    # Where no voxel lies between the classes any threshold there is as good: take the middle.
    best = np.flatnonzero(between >= between.max() * (1 - PLATEAU))
    return float(edges[1 + best].mean())


def head_of(voxels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the head (or body) is: bright enough, in one piece, without holes.

    The largest connected piece above half the Otsu threshold, intensities cut down to their
    99.5 percentile; closed by two voxels; holes filled in 3D and in every slice along each axis.
    Half, because Otsu alone loses the skull and fluid; the background noise of MR and the air
    of CT lie well below.

    Args:
        voxels: (X, Y, Z), any unit; brighter than the background.

    Returns:
        (X, Y, Z); everywhere true where the volume is constant.
    """
    ordered = ascending(voxels)
    low = float(ordered[0])
    if percentile(ordered, BRIGHTEST) <= low:
        return np.ones(voxels.shape, dtype=bool)
    threshold = low + OF_OTSU * (otsu_threshold(ordered) - low)
    bright = voxels > threshold
    piece = _largest_piece(bright)
    closed = ndimage.binary_closing(np.pad(piece, CLOSING_VOXELS), iterations=CLOSING_VOXELS)
    inner = (slice(CLOSING_VOXELS, -CLOSING_VOXELS),) * voxels.ndim
    return _filled(closed[inner])


def _largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces, number = ndimage.label(mask)
    if number <= LARGEST:
        return mask
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(pieces == int(sizes.argmax()))


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    filled = np.array(ndimage.binary_fill_holes(mask), dtype=bool)
    for axis in range(mask.ndim):
        slices = np.moveaxis(filled, axis, 0)
        for index in range(len(slices)):
            slices[index] = ndimage.binary_fill_holes(slices[index])
    return filled
