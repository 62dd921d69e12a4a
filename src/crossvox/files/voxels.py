"""Conversion of stored numbers to float32 voxels, which must be finite and not constant."""

import warnings
from itertools import product
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import FileError, FileWarning
from crossvox.files.contents import Contents
from crossvox.files.layout import Layout

MOST_NON_FINITE = 0.01  # share of the voxels
SLAB_VOXELS = 1 << 18  # 2 MiB as float64, which stays in the processor's cache


def read_voxels(contents: Contents, layout: Layout, *, index: int) -> NDArray[np.float32]:
    """Read voxels (X, Y, Z) of volume `index` from contents positioned at the first volume.

    X is contiguous, as in the file. The rest of the file is read too, to verify its checksum.

    Raises:
        FileError: The contents are truncated or damaged.
    """
    voxels = np.empty(prod(layout.shape), dtype=np.float32)
    contents.skip(index * layout.volume_bytes)
    if layout.dtype == voxels.dtype and not layout.is_scaled:
        contents.fill(voxels.view(np.uint8).data)
    else:
        _convert(contents, layout, voxels)
    contents.skip((layout.volumes - 1 - index) * layout.volume_bytes)
    contents.finish()
    return voxels.reshape(layout.shape, order="F")


def made_finite(voxels: NDArray[np.float32], path: Path) -> NDArray[np.float32]:
    """`voxels` with each NaN or infinity replaced by the smallest finite voxel around it.

    Raises:
        FileError: More than 1 % of the voxels are not finite.
    """
    missing = ~np.isfinite(voxels)
    count = int(np.count_nonzero(missing))
    if count == 0:
        return voxels
    share = count / voxels.size
    if share > MOST_NON_FINITE:
        raise FileError(
            f"{path}: {share:.1%} of the voxels are NaN or infinite; at most 1 % are accepted"
        )
    warnings.warn(
        f"{path}: {count} voxels are NaN or infinite; replaced by the smallest voxel around each",
        FileWarning,
        stacklevel=2,
    )
    return _filled_from_around(voxels, missing)


def refuse_constant(voxels: NDArray[np.float32], path: Path) -> None:
    """Refuse a volume that shows nothing.

    Raises:
        FileError: All voxels have the same value.
    """
    if voxels.min() == voxels.max():
        raise FileError(f"{path}: every voxel is {voxels.flat[0]:g}; the volume shows nothing")


def _convert(contents: Contents, layout: Layout, voxels: NDArray[np.float32]) -> None:
    """Fill `voxels` slab by slab, so that no second copy of the whole volume is held."""
    slab = np.empty(min(SLAB_VOXELS, voxels.size), dtype=layout.dtype)
    for start in range(0, voxels.size, SLAB_VOXELS):
        stored = slab[: voxels.size - start]
        contents.fill(stored.view(np.uint8).data)
        target = voxels[start : start + stored.size]
        # Values beyond float32 become infinite here and are replaced later.
        with np.errstate(over="ignore", invalid="ignore"):
            # In float64, because float32 would round 32-bit integers and large intercepts twice.
            target[:] = (
                stored.astype(np.float64) * layout.slope + layout.intercept
                if layout.is_scaled
                else stored
            )


def _filled_from_around(
    voxels: NDArray[np.float32], missing: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Fill missing voxels from the rim inwards with the smallest of their 26 neighbors."""
    filled = np.pad(np.where(missing, np.float32(np.inf), voxels), 1, constant_values=np.inf)
    places = np.argwhere(missing) + 1
    while len(places):
        around = np.full(len(places), np.inf, dtype=np.float32)
        for offset in product((-1, 0, 1), repeat=3):
            np.minimum(around, filled[tuple((places + offset).T)], out=around)
        known = np.isfinite(around)
        filled[tuple(places[known].T)] = around[known]
        places = places[~known]
    return filled[1:-1, 1:-1, 1:-1].copy(order="F")
