"""Volumes copied into another memory order: files run along X first, arrays along Z."""

from itertools import product
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)
BLOCK = 16  # voxels: of float32 a line of the cache


def copied_in_order(voxels: NDArray[Number], order: Literal["C", "F"]) -> NDArray[Number]:
    """A copy of (X, Y, Z) whose last ("C") or first ("F") axis lies together in memory.

    Block by block: NumPy goes along whole rows of the result, and each of their voxels fetches a
    line of the cache that is gone again before its neighbors are needed.
    """
    copy = np.empty(voxels.shape, dtype=voxels.dtype, order=order)
    sizes = voxels.shape
    for x, z in product(range(0, sizes[0], BLOCK), range(0, sizes[2], BLOCK)):
        copy[x : x + BLOCK, :, z : z + BLOCK] = voxels[x : x + BLOCK, :, z : z + BLOCK]
    return copy
