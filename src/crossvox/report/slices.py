"""Where a volume is cut for pictures, and what is seen there; everything on RAS axes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossvox.preparation.resampling import resample, working_grid
from crossvox.scoring.loading import LoadedPair
from crossvox.volume import Volume

WINDOW_PERCENTILES = (0.5, 99.0)
MARGIN_MM = 10.0


@dataclass(frozen=True, kw_only=True)
class View:
    """One plane as radiologists look at it: the patient's right on the left, nose to the left.

    Attributes:
        name: Of the plane.
        across: RAS axis that runs through the picture from right to left.
        up: RAS axis that runs upwards.
        letters: At the picture's left and right border.
    """

    name: str
    across: int
    up: int
    letters: tuple[str, str]

    @property
    def through(self) -> int:
        """The axis that the plane cuts."""
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
        mask: (X, Y, Z), RAS.
        spacing_mm: (3,).
        box: The part that is shown.
        center: Where the slices are cut.
    """

    mask: NDArray[np.bool_]
    spacing_mm: NDArray[np.float64]
    box: tuple[slice, slice, slice]
    center: tuple[int, int, int]

    @property
    def sizes_mm(self) -> NDArray[np.float64]:
        """Of the box."""
        return np.array([side.stop - side.start for side in self.box]) * self.spacing_mm

    @property
    def width_mm(self) -> float:
        """Of the widest view."""
        return float(max(self.sizes_mm[view.across] for view in VIEWS))

    def picture(self, voxels: NDArray[np.generic], view: View) -> NDArray[np.generic]:
        """The slice of `view`, rows from top to bottom, of an (X, Y, Z) RAS array."""
        cut: list[slice | int] = list(self.box)
        cut[view.through] = self.center[view.through]
        return voxels[tuple(cut)][::-1, ::-1].T


def cut_through(loaded: LoadedPair) -> Cut:
    """Slices through the center of a pair's mask, the box a centimeter beyond it."""
    mask = to_ras(loaded.reference, loaded.mask.astype(np.float32)) > 0
    spacing = np.array(working_grid(loaded.reference.grid, spacing_mm=None).spacing_mm)
    margins = np.ceil(MARGIN_MM / spacing).astype(int)
    inside = np.nonzero(mask)
    sides = [
        slice(max(0, int(places.min()) - int(margin)), int(places.max()) + 1 + int(margin))
        for places, margin in zip(inside, margins, strict=True)
    ]
    ends = [min(side.stop, size) for side, size in zip(sides, mask.shape, strict=True)]
    x, y, z = (slice(side.start, end) for side, end in zip(sides, ends, strict=True))
    i, j, k = (round(float(places.mean())) for places in inside)
    return Cut(mask=mask, spacing_mm=spacing, box=(x, y, z), center=(i, j, k))


def window_of(volume: Volume, mask: NDArray[np.bool_]) -> tuple[float, float]:
    """From black to white: the 0.5 and 99 percentiles inside the mask."""
    low, high = np.percentile(volume.voxels[mask], WINDOW_PERCENTILES)
    return float(low), float(max(high, np.nextafter(low, np.inf)))


def to_ras(volume: Volume, voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    """`voxels` that lie as those of `volume`, axes permuted and flipped to the nearest RAS+."""
    grid = working_grid(volume.grid, spacing_mm=None)
    return resample(volume.with_voxels(voxels), grid, outside=0.0).voxels
