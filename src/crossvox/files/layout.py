"""Layout of a volume file, common to all formats: shape, type and position of its voxels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import FileError, ResourceError
from crossvox.files.options import ReadOptions
from crossvox.volume import Forms, Grid

AXES = 3
LARGEST_RANK = 7


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Checked contents of a header.

    Attributes:
        shape: Number of voxels along the three axes of the file.
        volumes: Number of volumes of that shape, stored one after the other.
        dtype: Data type of the stored numbers, with byte order.
        offset: Position of the first voxel in `voxel_path`, in bytes.
        voxel_path: Path of the file with the voxels: the file itself, or the .img of a pair.
        affine: (4, 4) matrix from voxel index to RAS+ millimeters.
        forms: Codes and qform with which the header stores the affine.
        slope: Factor from stored numbers to voxels; `intercept` is added after it.
        intercept: Offset from scaled stored numbers to voxels.
    """

    shape: tuple[int, int, int]
    volumes: int
    dtype: np.dtype[np.generic]
    offset: int
    voxel_path: Path
    affine: NDArray[np.float64]
    forms: Forms = field(default_factory=Forms)
    slope: float = 1.0
    intercept: float = 0.0

    @property
    def grid(self) -> Grid:
        """Grid of one volume."""
        return Grid(self.shape, self.affine, self.forms)

    @property
    def volume_bytes(self) -> int:
        """Size of one volume in the file, in bytes."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def end(self) -> int:
        """Position of the first byte after all volumes."""
        return self.offset + self.volumes * self.volume_bytes

    @property
    def is_scaled(self) -> bool:
        """Whether the voxels differ from the stored numbers."""
        return (self.slope, self.intercept) != (1.0, 0.0)


def three_sizes(sizes: Sequence[int], path: Path) -> tuple[tuple[int, int, int], int]:
    """Shape of one volume and number of volumes, from all sizes that a file declares.

    Raises:
        FileError: There are not 1 to 7 dimensions, a size is below 1, fewer than three are above
            1, or the voxels are vectors.
    """
    if not 1 <= len(sizes) <= LARGEST_RANK:
        raise FileError(f"{path}: declares {len(sizes)} dimensions, 3 are expected; damaged header")
    if min(sizes) < 1:
        raise FileError(f"{path}: declares the sizes {list(sizes)}; each must be at least 1")
    x, y, z = (*sizes, 1, 1)[:AXES]
    if (x, y, z) == (1, 1, 1):
        raise FileError(f"{path}: holds a single voxel; give a volume")
    if 1 in (x, y, z):
        raise FileError(f"{path}: is two-dimensional ({x}x{y}x{z}); give a volume")
    volumes, *vector = (*sizes, 1)[AXES:]
    if max(vector, default=1) > 1:
        raise FileError(f"{path}: holds vectors (sizes {list(sizes)}); give one number per voxel")
    return (x, y, z), volumes


def refuse_oversized(layout: Layout, path: Path, *, options: ReadOptions) -> None:
    """Refuse a volume whose header declares more voxels than may be read.

    Raises:
        ResourceError: The volume has more voxels than the limit of `options`.
    """
    count, limit = prod(layout.shape), options.voxel_limit()
    if count > limit:
        sizes = "x".join(str(size) for size in layout.shape)
        raise ResourceError(
            f"{path}: declares {sizes} voxels, more than the {limit} allowed here; "
            "if the size is right, raise --max-voxels or use a larger machine"
        )


def volume_to_read(layout: Layout, path: Path, *, options: ReadOptions) -> int:
    """Index of the volume to read.

    Raises:
        FileError: The file holds several volumes and none is chosen, or the chosen volume does not
            exist.
    """
    index = options.volume_index
    last = layout.volumes - 1
    if index is None and last > 0:
        raise FileError(
            f"{path}: holds {layout.volumes} volumes; choose one: --volume 0 to --volume {last}"
        )
    if index is not None and not 0 <= index <= last:
        raise FileError(f"{path}: has no volume {index}; its last is {last}")
    return index or 0
