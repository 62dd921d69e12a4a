"""What the header of any volume file tells: where its voxels are and where they lie."""

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
    """A header, read and found sound.

    Attributes:
        shape: Voxels along the three axes of the file.
        volumes: How many volumes of that shape follow each other.
        dtype: Of the stored numbers, with their byte order.
        offset: First byte of the voxels in `voxel_path`.
        voxel_path: The file itself, or the other half of a .hdr/.img pair.
        affine: (4, 4); voxel index to RAS+ millimeters.
        forms: How the header tells the affine.
        slope: Stored number times `slope` plus `intercept` is the voxel.
        intercept: See `slope`.
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
        """Where the voxels of one volume lie."""
        return Grid(self.shape, self.affine, self.forms)

    @property
    def volume_bytes(self) -> int:
        """Size of one volume in the file."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def end(self) -> int:
        """First byte after all volumes."""
        return self.offset + self.volumes * self.volume_bytes

    @property
    def is_scaled(self) -> bool:
        """Whether the voxels differ from the stored numbers."""
        return (self.slope, self.intercept) != (1.0, 0.0)


def three_sizes(sizes: Sequence[int], path: Path) -> tuple[tuple[int, int, int], int]:
    """The shape of one volume, and how many there are, from all sizes that a file declares.

    Raises:
        FileError: Not 1 to 7 dimensions, a size below 1, fewer than three, or vectors.
    """
    if not 1 <= len(sizes) <= LARGEST_RANK:
        raise FileError(f"{path}: declares {len(sizes)} dimensions, 3 are wanted; damaged header")
    if min(sizes) < 1:
        raise FileError(f"{path}: declares the sizes {list(sizes)}; each must be at least 1")
    x, y, z = (*sizes, 1, 1)[:AXES]
    if (x, y, z) == (1, 1, 1):
        raise FileError(f"{path}: holds a single voxel; give a volume")
    if 1 in (x, y, z):
        raise FileError(f"{path}: is two-dimensional ({x}x{y}x{z}); give a volume")
    volumes, *vector = (*sizes, 1)[AXES:]
    if max(vector, default=1) > 1:
        raise FileError(f"{path}: holds vectors (sizes {list(sizes)}); give one number a voxel")
    return (x, y, z), volumes


def refuse_oversized(layout: Layout, path: Path, *, options: ReadOptions) -> None:
    """Refuse a volume that is declared larger than may be read, before a byte of it is.

    Raises:
        ResourceError: More voxels than the limit.
    """
    count, limit = prod(layout.shape), options.voxel_limit()
    if count > limit:
        sizes = "x".join(str(size) for size in layout.shape)
        raise ResourceError(
            f"{path}: declares {sizes} voxels, more than the {limit} allowed here; "
            "if that is right, raise --max-voxels or use a larger machine"
        )


def volume_to_read(layout: Layout, path: Path, *, options: ReadOptions) -> int:
    """Index of the wanted volume.

    Raises:
        FileError: There are several and none was chosen, or the chosen one does not exist.
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
