"""Read and write the file of a prepared case: a memory-mapped array and patch centers."""

from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from crossvox.files.atomic import replacing


def write_prepared(path: Path, voxels: NDArray[np.int16], centers: NDArray[np.int16]) -> None:
    """Write both arrays, one after the other in NumPy's format.

    Args:
        path: Path of the file, which appears only when complete.
        voxels: (C, X, Y, Z) prepared volumes.
        centers: (N, 3) voxel indices.

    Raises:
        ResourceError: The disk is full.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        for array in (np.ascontiguousarray(voxels), np.ascontiguousarray(centers)):
            # np.save would hide a full disk: its tofile raises an OSError without errno.
            npy.write_array_header_1_0(file, npy.header_data_from_array_1_0(array))
            file.write(array.data)


def map_voxels(path: Path) -> NDArray[np.int16]:
    """The array (C, X, Y, Z), memory-mapped from the file."""
    mapped: NDArray[np.int16] = np.load(path, mmap_mode="r")
    return mapped


def read_centers(path: Path) -> NDArray[np.int16]:
    """Voxel indices (N, 3) of patch centers; none if the file holds only the first array."""
    with path.open("rb") as file:
        file.seek(_end_of_array(path, start=0))
        if not file.peek(1):
            return np.zeros((0, 3), dtype=np.int16)
        centers: NDArray[np.int16] = npy.read_array(file)
        return centers


def is_whole(path: Path) -> bool:
    """Whether the file has the length that its two headers give; no voxel is read."""
    try:
        first = _end_of_array(path, start=0)
        return _end_of_array(path, start=first) == path.stat().st_size
    except (OSError, ValueError, SyntaxError, TokenError):  # NumPy's for damaged headers
        return False


def _end_of_array(path: Path, *, start: int) -> int:
    """Byte offset of the end of the array whose header begins at byte `start`."""
    with path.open("rb") as file:
        file.seek(start)
        npy.read_magic(file)
        shape, _, kind = npy.read_array_header_1_0(file)
        return int(file.tell() + np.prod(shape, dtype=np.int64) * kind.itemsize)
