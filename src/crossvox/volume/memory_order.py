"""Copies of volumes in another memory order: X is contiguous in files, Z in arrays."""

from itertools import product
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)
BLOCK = 16  # voxels along an axis; 16 float32 fill a cache line


def copied_in_order(voxels: NDArray[Number], order: Literal["C", "F"]) -> NDArray[Number]:
    """Copy voxels (X, Y, Z) to an array whose last ("C") or first ("F") axis is contiguous.

    Copies block by block: NumPy would copy whole rows, and each voxel of a row would fetch a cache
    line that is evicted before its other voxels are needed.
    """
    copy = np.empty(voxels.shape, dtype=voxels.dtype, order=order)
    sizes = voxels.shape
    for x, z in product(range(0, sizes[0], BLOCK), range(0, sizes[2], BLOCK)):
        copy[x : x + BLOCK, :, z : z + BLOCK] = voxels[x : x + BLOCK, :, z : z + BLOCK]
    return copy
