"""Grid of a volume: its shape, and the affine that places it in patient space."""

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import GridError

AFFINE_SIZE = 4
AXES = 3
SCANNER_CODE = 1  # NIfTI's code for scanner coordinates


@dataclass(frozen=True, eq=False, kw_only=True)
class Forms:
    """The sform and qform with which a NIfTI header stores an affine.

    Attributes:
        sform_code: Code of the space that the sform maps to; 0 without an sform.
        qform_code: Code of the space that the qform maps to; 0 without a qform.
        qform: (4, 4) affine of the qform; that of the grid if None.
    """

    sform_code: int = SCANNER_CODE
    qform_code: int = SCANNER_CODE
    qform: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Grid:
    """Regular lattice of voxel centers in patient space.

    Attributes:
        shape: Number of voxels along the three array axes (X, Y, Z).
        affine: (4, 4) matrix from voxel index to RAS+ millimeters.
        forms: The sform and qform of the grid's file, kept for files written on the same grid.

    Raises:
        GridError: A size is below 1, or the affine is not a finite invertible (4, 4) matrix.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    forms: Forms = field(default_factory=Forms)

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if len(self.shape) != AXES or min(self.shape) < 1:
            raise GridError(f"a grid needs three sizes of at least 1, got {self.shape}")
        if affine.shape != (AFFINE_SIZE, AFFINE_SIZE) or not np.isfinite(affine).all():
            raise GridError(f"an affine is a finite 4x4 matrix, got {affine.tolist()}")
        if not np.any(np.linalg.det(affine[:3, :3])):
            raise GridError(f"the affine is singular: {affine.tolist()}; fix the file's header")
        affine.flags.writeable = False
        object.__setattr__(self, "shape", tuple(int(size) for size in self.shape))
        object.__setattr__(self, "affine", affine)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighboring voxel centers along X, Y, Z in millimeters."""
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(x), float(y), float(z)

    @property
    def voxel_count(self) -> int:
        """Number of voxels."""
        return int(np.prod(self.shape))

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel in cubic millimeters."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def to_mm(self, indices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert voxel indices (N, 3) to positions (N, 3) in RAS+ millimeters."""
        return np.asarray(indices @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_indices(self, positions_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert positions (N, 3) in RAS+ millimeters to fractional voxel indices (N, 3)."""
        inverse = np.linalg.inv(self.affine)
        return np.asarray(positions_mm @ inverse[:3, :3].T + inverse[:3, 3])

    def corners_mm(self) -> NDArray[np.float64]:
        """Centers (8, 3) of the corner voxels in RAS+ millimeters."""
        corners = np.array(list(product(*((0, size - 1) for size in self.shape))), dtype=np.float64)
        return self.to_mm(corners)

    def matches(self, other: "Grid", *, tolerance_mm: float = 1e-2) -> bool:
        """Whether every voxel of both grids has the same position, within `tolerance_mm`."""
        if self.shape != other.shape:
            return False
        return bool(np.abs(self.corners_mm() - other.corners_mm()).max() <= tolerance_mm)

    def __str__(self) -> str:
        sizes = "x".join(str(size) for size in self.shape)
        spacing = " x ".join(f"{step:.3g}" for step in self.spacing_mm)
        return f"{sizes} voxels of {spacing} mm"
