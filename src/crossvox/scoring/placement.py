"""Resample volumes, masks and label maps to the grid of the reference."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossvox.files import read_mask, read_volume
from crossvox.preparation.resampling import resample
from crossvox.volume import Grid, Volume


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """A volume on the grid of the reference.

    Attributes:
        volume: Volume on that grid, with its own lowest intensity outside its field of view.
        covered: Voxels inside the volume's field of view, (X, Y, Z); None if all are.
        moved: Whether the volume was resampled.
    """

    volume: Volume
    covered: NDArray[np.bool_] | None = None
    moved: bool = False

    def uncovered_share(self, mask: NDArray[np.bool_]) -> float:
        """Share of the mask's voxels that the volume does not cover, 0 to 1."""
        if self.covered is None:
            return 0.0
        return 1 - float(self.covered[mask].mean())


def place(volume: Volume, grid: Grid) -> Placed:
    """Bring `volume` to `grid`, with linear interpolation if its own grid differs.

    Voxels outside its field of view get its lowest intensity: its background, chosen
    independently of the reference, so that a missing part counts as an error.
    """
    if volume.grid.matches(grid):
        return Placed(volume=volume)
    moved = resample(volume, grid, outside=float("nan"))
    covered = np.isfinite(moved.voxels)
    if covered.all():
        return Placed(volume=moved, moved=True)
    filled = np.where(covered, moved.voxels, volume.voxels.min()).astype(np.float32)
    return Placed(volume=moved.with_voxels(filled), covered=covered, moved=True)


def read_mask_onto(path: Path, grid: Grid) -> tuple[NDArray[np.bool_], bool]:
    """Read a mask onto `grid`; also return whether it was resampled (nearest neighbor)."""
    mask = read_mask(path)
    moved = not mask.grid.matches(grid)
    if moved:
        mask = resample(mask, grid, interpolation="nearest", outside=0.0)
    return np.array(mask.voxels > 0), moved


def read_labels_onto(path: Path, grid: Grid) -> tuple[NDArray[np.int64], bool]:
    """Read a label map onto `grid`; also return whether it was resampled (nearest neighbor)."""
    labels = read_volume(path)
    moved = not labels.grid.matches(grid)
    if moved:
        labels = resample(labels, grid, interpolation="nearest", outside=0.0)
    return np.rint(labels.voxels).astype(np.int64), moved
