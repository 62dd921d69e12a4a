"""Compact fingerprints of heads, to find the few cases that may show the same person."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from crossvox.screening.coarse import CoarseVolume

BOX_STEPS = (40, 48, 40)  # right, anterior, superior: a head at 4 mm
UPPER_STEPS = 30  # below the top of the head, so that a visible neck does not move the center
SHADING_STEPS = 3.0  # sigma of the local mean that is subtracted to cancel coil shading
CELL_STEPS = 2
BOX_CELLS = math.prod(size // CELL_STEPS for size in BOX_STEPS)
INT8_MAX = 127
BLOCK = 128  # rows and columns of the similarity matrix that are computed at once

Fingerprint = NDArray[np.int8]
# Takes row and column indices of cases; returns a mask of pairs worth comparing.
Comparable = Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.bool_]]


def fingerprint(volume: CoarseVolume) -> Fingerprint:
    """Intensity pattern of the upper head, in cells of two lattice steps, as one int8 vector.

    Equal patterns have a cosine similarity of 1. Repeated scans of 4 people have 0.60 to 0.79, and
    231 pairs of different people at most 0.59, and 0.21 to 0.36 on average. Without a head, all
    values are 0.
    """
    levels, head = _boxed(volume)
    if not head.any():
        return np.zeros(BOX_CELLS, dtype=np.int8)
    pattern = np.where(head, levels - levels[head].mean(), 0)
    weight = ndimage.gaussian_filter(head.astype(np.float32), SHADING_STEPS)
    blurred = ndimage.gaussian_filter(pattern, SHADING_STEPS)
    pattern = np.where(head, pattern - blurred / np.maximum(weight, np.finfo(np.float32).eps), 0)
    x, y, z = (size // CELL_STEPS for size in BOX_STEPS)
    cells = pattern.reshape((x, CELL_STEPS, y, CELL_STEPS, z, CELL_STEPS)).mean(axis=(1, 3, 5))
    largest = float(np.abs(cells).max()) or 1.0
    prints: Fingerprint = np.rint(cells.ravel() * (INT8_MAX / largest)).astype(np.int8)
    return prints


def nearest(
    prints: Sequence[Sequence[Fingerprint]], *, count: int, comparable: Comparable
) -> list[tuple[int, ...]]:
    """Find the `count` most similar comparable cases of each case, most similar first.

    Similarities are computed as a matrix product in blocks: 1000 cases take a second.

    Args:
        prints: Fingerprints of each case, one per modality, in the same order.
        count: Maximum number of cases returned for each case.
        comparable: Mask of the pairs to consider, from indices of rows and of columns.
    """
    neighbors: list[tuple[int, ...]] = []
    for start in range(0, len(prints), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(prints)))
        similar = np.hstack(
            [_similarities(prints, rows, columns, comparable) for columns in _blocks(len(prints))]
        )
        order = np.argsort(-similar, axis=1, kind="stable")[:, :count]
        for row, chosen in zip(similar, order, strict=True):
            neighbors.append(tuple(int(index) for index in chosen if np.isfinite(row[index])))
    return neighbors


def _blocks(count: int) -> list[NDArray[np.intp]]:
    return [np.arange(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]


def _similarities(
    prints: Sequence[Sequence[Fingerprint]],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    comparable: Comparable,
) -> NDArray[np.float32]:
    """Cosine similarities summed over modalities, minus infinity for excluded pairs."""
    cosines = _unit([prints[row] for row in rows]) @ _unit([prints[index] for index in columns]).T
    return np.where(comparable(rows, columns), cosines, -np.inf).astype(np.float32)


def _unit(prints: Sequence[Sequence[Fingerprint]]) -> NDArray[np.float32]:
    """One row per case, with the vector of each modality scaled to length 1."""
    vectors = np.array(prints, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / np.maximum(lengths, 1)).reshape(len(prints), -1)
    return unit


def _boxed(volume: CoarseVolume) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Levels and head in a box that starts at the top of the head, centered on its upper part."""
    levels = np.zeros(BOX_STEPS, dtype=np.float32)
    head = np.zeros(BOX_STEPS, dtype=bool)
    heights = np.flatnonzero(volume.head.any(axis=(0, 1)))
    if not heights.size:
        return levels, head
    top = int(heights[-1]) + 1
    upper = volume.head[:, :, max(0, top - UPPER_STEPS) : top]
    middle_x, middle_y = np.rint(np.argwhere(upper).mean(axis=0)[:2]).astype(int)
    width, length, height = BOX_STEPS
    corner = (int(middle_x) - width // 2, int(middle_y) - length // 2, top - height)
    from_volume, into_box = [], []
    for start, size, cells in zip(corner, BOX_STEPS, volume.head.shape, strict=True):
        low, high = max(start, 0), min(start + size, cells)
        from_volume.append(slice(low, high))
        into_box.append(slice(low - start, high - start))
    levels[tuple(into_box)] = np.maximum(volume.levels[tuple(from_volume)], 0)
    head[tuple(into_box)] = volume.head[tuple(from_volume)]
    return levels, head
