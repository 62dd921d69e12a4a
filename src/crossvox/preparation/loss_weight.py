"""Where losses count and patches are centered: on the head, hardly in air."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from crossvox.errors import CohortError
from crossvox.preparation.preparation import BACKGROUND
from crossvox.volume.foreground import head_of
from crossvox.volume.volume import Volume

MARGIN_MM = 8.0  # the skin's edge and the partial volume beyond it belong to what is learned
# Air beyond the margin is 35 to 73 % of the voxels of 17 real heads and, at 0.05, 3 to 12 % of
# the weight: enough to keep it dark, too little to be what a network learns first.
AIR_WEIGHT = 0.05
MOST_CENTRES = 4096
THROUGH_HEAD = 0.1  # of the largest slice of the head: in a smaller one a target may be dark
HEAD_MM = 2.0  # spacing that the outline of a head is found at


@dataclass(frozen=True, kw_only=True, eq=False)
class LossRegion:
    """Which voxels of a prepared case are learned from.

    Attributes:
        weight: (X, Y, Z) in [0, 1]; 0 where the target shows nothing.
        centers: (N, 3) voxels of the head, at random, that patches are centered on.
    """

    weight: NDArray[np.float32]
    centers: NDArray[np.int16]


def loss_region(sources: Sequence[Volume], target: Volume, *, mask: Volume | None) -> LossRegion:
    """The region of a case on its working grid.

    Without a mask the heads of sources and target together, with a margin, have weight 1 and air
    has 0.05; a mask that is given has weight 1 inside and 0 outside.

    Args:
        sources: In [-1, 1].
        target: In [-1, 1]; NaN where it shows nothing.
        mask: 0 or 1, on the same grid.

    Raises:
        CohortError: The mask is empty, or the target shows nothing of the head or mask.
    """
    head = _learned_from(sources, target, mask)
    covered = _covered(target.voxels, head)
    if mask is not None:
        weight = head.astype(np.float32)
    else:
        near = _grown(head, spacing_mm=target.grid.spacing_mm)
        weight = np.where(near, np.float32(1), np.float32(AIR_WEIGHT))
    weight[~covered] = 0
    head &= covered
    if not head.any():
        raise CohortError(
            f"{target.modality or 'the target'} shows nothing of what is learned from: its field"
            " of view and the head or mask do not overlap; align the pair first"
        )
    return LossRegion(weight=weight, centers=_some_of(head))


def _learned_from(
    sources: Sequence[Volume], target: Volume, mask: Volume | None
) -> NDArray[np.bool_]:
    """The mask, or the heads of all volumes together."""
    if mask is None:
        shown = target.with_voxels(np.nan_to_num(target.voxels, nan=BACKGROUND))
        heads = [_head(volume) for volume in (*sources, shown)]
        return np.asarray(np.logical_or.reduce(heads))
    inside = np.asarray(mask.voxels > 0)
    if not inside.any():
        raise CohortError("the mask is empty on the source's grid; make it again")
    return inside


def _head(volume: Volume) -> NDArray[np.bool_]:
    """The head, its outline to a millimeter or a voxel."""
    steps = [max(1, int(HEAD_MM / spacing)) for spacing in volume.grid.spacing_mm]
    x, y, z = steps
    head = head_of(np.ascontiguousarray(volume.voxels[::x, ::y, ::z]))
    for axis, (step, size) in enumerate(zip(steps, volume.grid.shape, strict=True)):
        nearest = np.minimum(np.round(np.arange(size) / step).astype(int), head.shape[axis] - 1)
        head = np.take(head, nearest, axis=axis) if step > 1 else head
    return head


def _covered(target: NDArray[np.float32], head: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the target shows something.

    Aligned volumes often hold one value beyond the field of view they were scanned with: slices
    through the head that hold nothing else lie beyond it too.
    """
    covered = np.isfinite(target)
    blank = ~covered | (target == np.nanmin(target, initial=np.inf))
    empty = np.zeros_like(covered)
    for axis, others in enumerate(((1, 2), (0, 2), (0, 1))):
        area = head.mean(axis=others)
        slices = blank.all(axis=others) & (area > THROUGH_HEAD * area.max())
        np.moveaxis(empty, axis, 0)[slices] = True
    return covered & ~empty


def _grown(head: NDArray[np.bool_], *, spacing_mm: tuple[float, float, float]) -> NDArray[np.bool_]:
    """`head` and all within the margin of it along each axis."""
    grown = head.view(np.uint8)
    for axis, step in enumerate(spacing_mm):
        voxels = math.floor(MARGIN_MM / step)
        grown = maximum_filter1d(grown, 2 * voxels + 1, axis=axis, mode="constant")
    return np.asarray(grown, dtype=bool)


def _some_of(head: NDArray[np.bool_]) -> NDArray[np.int16]:
    places = np.flatnonzero(head)
    if len(places) > MOST_CENTRES:
        places = places[np.random.default_rng(0).integers(len(places), size=MOST_CENTRES)]
    return np.stack(np.unravel_index(places, head.shape), axis=1).astype(np.int16)
