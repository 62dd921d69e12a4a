"""Compute loss weights and patch centers, which favor the head over air."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from crossvox.errors import CohortError
from crossvox.preparation.preparation import BACKGROUND
from crossvox.volume.foreground import head_mask
from crossvox.volume.volume import Volume

MARGIN_MM = 8.0  # includes the edge of the skin and its partial volume
# Air beyond the margin is 35 to 73 % of the voxels of 17 real heads and, at 0.05, 3 to 12 % of
# the weight: enough to keep it dark, too little to dominate early training.
AIR_WEIGHT = 0.05
MOST_CENTERS = 4096  # patch centers per case
LEAST_HEAD_AREA = 0.1  # share of the largest head slice; smaller slices may be dark in a target
OUTLINE_MM = 2.0  # coarsest spacing at which the head is segmented


@dataclass(frozen=True, kw_only=True, eq=False)
class LossRegion:
    """Loss weights and patch centers of a prepared case.

    Attributes:
        weight: (X, Y, Z) loss weight of each voxel in [0, 1]; 0 outside the target's field of
            view.
        centers: (N, 3) voxel indices of the head or mask, on which patches are centered.
    """

    weight: NDArray[np.float32]
    centers: NDArray[np.int16]


def loss_region(sources: Sequence[Volume], target: Volume, *, mask: Volume | None) -> LossRegion:
    """Loss weights and patch centers of a case on its working grid.

    Without a mask, the union of the heads in sources and target, with a margin, has weight 1 and
    air 0.05; with a mask, weight is 1 inside and 0 outside.

    Args:
        sources: Source volumes in [-1, 1].
        target: Target volume in [-1, 1]; NaN outside its field of view.
        mask: Mask with voxels 0 or 1 on the same grid; None uses the heads.

    Raises:
        CohortError: The mask is empty, or the mask or heads do not overlap with the target's field
            of view.
    """
    head = _head_or_mask(sources, target, mask)
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
            f"the field of view of {target.modality or 'the target'} does not overlap with the head"
            " or mask; align the pair first"
        )
    return LossRegion(weight=weight, centers=_drawn_centers(head))


def _head_or_mask(
    sources: Sequence[Volume], target: Volume, mask: Volume | None
) -> NDArray[np.bool_]:
    """Voxels of the mask, or of the head in any volume if there is no mask."""
    if mask is None:
        filled = target.with_voxels(np.nan_to_num(target.voxels, nan=BACKGROUND))
        heads = [_head(volume) for volume in (*sources, filled)]
        return np.asarray(np.logical_or.reduce(heads))
    inside = np.asarray(mask.voxels > 0)
    if not inside.any():
        raise CohortError("the mask is empty on the source's grid; draw it again or remove it")
    return inside


def _head(volume: Volume) -> NDArray[np.bool_]:
    """Voxels of the head, with an outline accurate to a millimeter or a voxel."""
    steps = [max(1, int(OUTLINE_MM / spacing)) for spacing in volume.grid.spacing_mm]
    x, y, z = steps
    head = head_mask(np.ascontiguousarray(volume.voxels[::x, ::y, ::z]))
    for axis, (step, size) in enumerate(zip(steps, volume.grid.shape, strict=True)):
        nearest = np.minimum(np.round(np.arange(size) / step).astype(int), head.shape[axis] - 1)
        head = np.take(head, nearest, axis=axis) if step > 1 else head
    return head


def _covered(target: NDArray[np.float32], head: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels in the target's field of view.

    Aligned volumes are often padded with a constant beyond the field of view of their scan, so
    slices through the head that hold only that constant lie outside too.
    """
    covered = np.isfinite(target)
    blank = ~covered | (target == np.nanmin(target, initial=np.inf))
    empty = np.zeros_like(covered)
    for axis, others in enumerate(((1, 2), (0, 2), (0, 1))):
        area = head.mean(axis=others)
        slices = blank.all(axis=others) & (area > LEAST_HEAD_AREA * area.max())
        np.moveaxis(empty, axis, 0)[slices] = True
    return covered & ~empty


def _grown(head: NDArray[np.bool_], *, spacing_mm: tuple[float, float, float]) -> NDArray[np.bool_]:
    """`head` dilated by the margin along each axis."""
    grown = head.view(np.uint8)
    for axis, step in enumerate(spacing_mm):
        voxels = math.floor(MARGIN_MM / step)
        grown = maximum_filter1d(grown, 2 * voxels + 1, axis=axis, mode="constant")
    return np.asarray(grown, dtype=bool)


def _drawn_centers(head: NDArray[np.bool_]) -> NDArray[np.int16]:
    indices = np.flatnonzero(head)
    if len(indices) > MOST_CENTERS:
        indices = indices[np.random.default_rng(0).integers(len(indices), size=MOST_CENTERS)]
    return np.stack(np.unravel_index(indices, head.shape), axis=1).astype(np.int16)
