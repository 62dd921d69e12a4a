"""One prepared case in one file: its array, memory-mapped, and centers for patches."""

from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from crossvox.files.atomic import replacing


def write_prepared(path: Path, voxels: NDArray[np.int16], centers: NDArray[np.int16]) -> None:
    """Write both arrays, one after the other in NumPy's format.

    Args:
        path: Appears only once it is whole.
        voxels: (C, X, Y, Z).
        centers: (N, 3) voxel indices.

    Raises:
        ResourceError: The disk is full.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        for array in (np.ascontiguousarray(voxels), np.ascontiguousarray(centers)):
            # np.save would hide a full disk: the error of its tofile has no number.
            npy.write_array_header_1_0(file, npy.header_data_from_array_1_0(array))
            file.write(array.data)


def map_voxels(path: Path) -> NDArray[np.int16]:
    """The array (C, X, Y, Z), mapped from the file."""
    mapped: NDArray[np.int16] = np.load(path, mmap_mode="r")
    return mapped


def read_centers(path: Path) -> NDArray[np.int16]:
    """The centers (N, 3); none where the file holds an array alone."""
    with path.open("rb") as file:
        file.seek(_end_of_array(path, start=0))
        if not file.peek(1):
            return np.zeros((0, 3), dtype=np.int16)
        centers: NDArray[np.int16] = npy.read_array(file)
        return centers


def is_whole(path: Path) -> bool:
    """Whether the file is as long as its two headers say; no voxel is read."""
    try:
        first = _end_of_array(path, start=0)
        return _end_of_array(path, start=first) == path.stat().st_size
    except (OSError, ValueError, SyntaxError, TokenError):  # what NumPy makes of damaged headers
        return False


def _end_of_array(path: Path, *, start: int) -> int:
    """Where the array ends whose header stands at byte `start`."""
    with path.open("rb") as file:
        file.seek(start)
        npy.read_magic(file)
        shape, _, kind = npy.read_array_header_1_0(file)
        return int(file.tell() + np.prod(shape, dtype=np.int64) * kind.itemsize)
