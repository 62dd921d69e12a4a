"""Slices and intensity windows for pictures of volumes, on RAS axes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossvox.preparation.resampling import resample, working_grid
from crossvox.scoring.loading import LoadedPair
from crossvox.volume import Volume

WINDOW_PERCENTILES = (0.5, 99.0)
MARGIN_MM = 10.0  # around the mask


@dataclass(frozen=True, kw_only=True)
class View:
    """A plane in radiological convention: the patient's right on the left, nose to the left.

    Attributes:
        name: Name of the plane.
        across: RAS axis from the right to the left of the picture.
        up: RAS axis from the bottom to the top of the picture.
        letters: Letters at the left and right border of the picture.
    """

    name: str
    across: int
    up: int
    letters: tuple[str, str]

    @property
    def through(self) -> int:
        """RAS axis perpendicular to the plane."""
        return 3 - self.across - self.up


VIEWS = (
    View(name="axial", across=0, up=1, letters=("R", "L")),
    View(name="coronal", across=0, up=2, letters=("R", "L")),
    View(name="sagittal", across=1, up=2, letters=("A", "P")),
)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A box around the mask and the slices through its center.

    Attributes:
        mask: Mask on RAS axes, (X, Y, Z).
        spacing_mm: Voxel spacing along RAS axes, (3,).
        box: Shown part of the volume, as slices along the axes.
        center: Voxel that the three slices pass through.
    """

    mask: NDArray[np.bool_]
    spacing_mm: NDArray[np.float64]
    box: tuple[slice, slice, slice]
    center: tuple[int, int, int]

    @property
    def sizes_mm(self) -> NDArray[np.float64]:
        """Size of the box along each axis, (3,)."""
        return np.array([side.stop - side.start for side in self.box]) * self.spacing_mm

    @property
    def width_mm(self) -> float:
        """Width of the widest view."""
        return float(max(self.sizes_mm[view.across] for view in VIEWS))

    def picture(self, voxels: NDArray[np.generic], view: View) -> NDArray[np.generic]:
        """Extract the slice of `view` from an (X, Y, Z) RAS array, rows from top to bottom."""
        index: list[slice | int] = list(self.box)
        index[view.through] = self.center[view.through]
        return voxels[tuple(index)][::-1, ::-1].T


def cut_through(loaded: LoadedPair) -> Cut:
    """Cut through the center of a pair's mask, in a box with a margin of 10 mm around it."""
    mask = to_ras(loaded.reference, loaded.mask.astype(np.float32)) > 0
    spacing = np.array(working_grid(loaded.reference.grid, spacing_mm=None).spacing_mm)
    margins = np.ceil(MARGIN_MM / spacing).astype(int)
    indices = np.nonzero(mask)
    box = [
        slice(
            max(0, int(coordinates.min()) - int(margin)), int(coordinates.max()) + 1 + int(margin)
        )
        for coordinates, margin in zip(indices, margins, strict=True)
    ]
    ends = [min(side.stop, size) for side, size in zip(box, mask.shape, strict=True)]
    x, y, z = (slice(side.start, end) for side, end in zip(box, ends, strict=True))
    i, j, k = (round(float(coordinates.mean())) for coordinates in indices)
    return Cut(mask=mask, spacing_mm=spacing, box=(x, y, z), center=(i, j, k))


def window_of(volume: Volume, mask: NDArray[np.bool_]) -> tuple[float, float]:
    """Intensities of black and white: the 0.5 and 99 percentiles inside the mask."""
    low, high = np.percentile(volume.voxels[mask], WINDOW_PERCENTILES)
    return float(low), float(max(high, np.nextafter(low, np.inf)))


def to_ras(volume: Volume, voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Permute and flip the axes of `voxels` on the grid of `volume` to the nearest RAS+."""
    grid = working_grid(volume.grid, spacing_mm=None)
    return resample(volume.with_voxels(voxels), grid, outside=0.0).voxels
