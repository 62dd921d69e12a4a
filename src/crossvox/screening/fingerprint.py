"""Short descriptions of heads, by which the few cases that may show one person are found."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from crossvox.screening.coarse import CoarseVolume

BOX_STEPS = (40, 48, 40)  # right, anterior, superior: a head, at 4 mm
UPPER_STEPS = 30  # of the head; how much of the neck is in view must not move its center
SHADING_STEPS = 3.0  # intensities are compared with those around, not with the coil's
CELL_STEPS = 2
BOX_CELLS = math.prod(size // CELL_STEPS for size in BOX_STEPS)
LARGEST = 127
BLOCK = 128  # rows and columns of the table of similarities that are in memory at once

Prints = NDArray[np.int8]
# Which pairs of (rows, columns) are worth comparing.
Comparable = Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.bool_]]


def fingerprint(volume: CoarseVolume) -> Prints:
    """The pattern of intensities in the upper head, on cells of two steps, as one int8 vector.

    Equal patterns have a cosine of 1. Twin scans of 4 people measure 0.60 to 0.79 and 231 pairs
    of strangers at most 0.59, 0.21 to 0.36 on average. Zeros where there is no head.
    """
    levels, head = _boxed(volume)
    if not head.any():
        return np.zeros(BOX_CELLS, dtype=np.int8)
    pattern = np.where(head, levels - levels[head].mean(), 0)
    weight = ndimage.gaussian_filter(head.astype(np.float32), SHADING_STEPS)
    around = ndimage.gaussian_filter(pattern, SHADING_STEPS)
    pattern = np.where(head, pattern - around / np.maximum(weight, np.finfo(np.float32).eps), 0)
    x, y, z = (size // CELL_STEPS for size in BOX_STEPS)
    cells = pattern.reshape((x, CELL_STEPS, y, CELL_STEPS, z, CELL_STEPS)).mean(axis=(1, 3, 5))
    greatest = float(np.abs(cells).max()) or 1.0
    prints: Prints = np.rint(cells.ravel() * (LARGEST / greatest)).astype(np.int8)
    return prints


def nearest(
    prints: Sequence[Sequence[Prints]], *, count: int, comparable: Comparable
) -> list[tuple[int, ...]]:
    """For each case the `count` comparable cases that are most similar, most similar first.

    Args:
        prints: Fingerprints of each case, one a modality, in the same order.
        count: How many at most.
        comparable: Takes indices of rows and of columns; tells which pairs to consider.

    Similarities are one matrix product, block by block: 1000 cases take a second.
    """
    found: list[tuple[int, ...]] = []
    for start in range(0, len(prints), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(prints)))
        similar = np.hstack(
            [_similarities(prints, rows, columns, comparable) for columns in _blocks(len(prints))]
        )
        order = np.argsort(-similar, axis=1, kind="stable")[:, :count]
        for row, chosen in zip(similar, order, strict=True):
            found.append(tuple(int(index) for index in chosen if np.isfinite(row[index])))
    return found


def _blocks(count: int) -> list[NDArray[np.intp]]:
    return [np.arange(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]


def _similarities(
    prints: Sequence[Sequence[Prints]],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    comparable: Comparable,
) -> NDArray[np.float32]:
    """Sums of cosines over the modalities, minus infinity where cases are not comparable."""
    table = _unit([prints[row] for row in rows]) @ _unit([prints[index] for index in columns]).T
    return np.where(comparable(rows, columns), table, -np.inf).astype(np.float32)


def _unit(prints: Sequence[Sequence[Prints]]) -> NDArray[np.float32]:
    """One row a case, the vector of each modality at length 1."""
    vectors = np.array(prints, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / np.maximum(lengths, 1)).reshape(len(prints), -1)
    return unit


def _boxed(volume: CoarseVolume) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Levels and head in a box below the top of the head, around the middle of its upper part."""
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
    there, here = [], []
    for start, size, cells in zip(corner, BOX_STEPS, volume.head.shape, strict=True):
        low, high = max(start, 0), min(start + size, cells)
        there.append(slice(low, high))
        here.append(slice(low - start, high - start))
    levels[tuple(here)] = np.maximum(volume.levels[tuple(there)], 0)
    head[tuple(here)] = volume.head[tuple(there)]
    return levels, head
