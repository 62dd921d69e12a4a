"""Prepare volumes for a network and restore its predictions (decisions 0002 and 0003)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossvox.errors import GridError, SettingsError
from crossvox.preparation.intensity import IntensityScale
from crossvox.preparation.resampling import HALF_VOXEL, resample, working_grid
from crossvox.volume.foreground import head_mask
from crossvox.volume.grid import Grid
from crossvox.volume.volume import Volume

Spacing = tuple[float, float, float]

SPACING_TOLERANCE = 0.1  # relative difference that networks tolerate
LEAST_OVERLAP = 0.5  # share of the first source's head within every other source's field of view
MOST_SAMPLES = 64  # voxels per axis at which overlap is measured
BACKGROUND = -1.0  # network scale


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Working grid and intensity scales of a trained method.

    Restoring a prediction undoes only the grid and the target's scale.

    Attributes:
        source_modalities: Source modalities, in the order of the network's input channels.
        target_modality: BIDS suffix of the target modality.
        target_unit: Unit of the synthesized volume.
        spacing_mm: Voxel spacing of the working grid in mm (right, anterior, superior); None keeps
            each source's own spacing.
        source_scales: Intensity scale of each source modality.
        target_scale: Intensity scale that restores the synthesized volume.
        trained_spacing_mm: Spacing in mm that all training sources share, to which other sources
            are resampled if theirs differs by more than 10 %; None if they share none.
    """

    source_modalities: tuple[str, ...]
    target_modality: str
    target_unit: str
    spacing_mm: Spacing | None
    source_scales: tuple[IntensityScale, ...]
    target_scale: IntensityScale
    trained_spacing_mm: Spacing | None = None

    def prepare_sources(self, sources: Sequence[Volume]) -> tuple[Volume, ...]:
        """Source volumes of a person on a common working grid, in [-1, 1].

        Voxels outside a source's field of view are background.

        Args:
            sources: Volumes in the order of `source_modalities`; the first defines the grid.

        Raises:
            SettingsError: The number of volumes is not the number of source modalities.
            GridError: Another source covers less than half of the head in the first.
        """
        if len(sources) != len(self.source_modalities):
            needed = ", ".join(self.source_modalities)
            raise SettingsError(
                f"this model needs {needed}, got {len(sources)} volume(s); give a volume for each"
                " source modality"
            )
        for modality, other in zip(self.source_modalities[1:], sources[1:], strict=True):
            _refuse_apart(other, sources[0], names=(modality, self.source_modalities[0]))
        grid = self._working_grid(sources[0].grid)
        return tuple(
            resample(scale.normalize(volume), grid, outside=BACKGROUND)
            for scale, volume in zip(self.source_scales, sources, strict=True)
        )

    def prepare_target(self, target: Volume, *, grid: Grid) -> Volume:
        """The target on its source's working grid, in [-1, 1]; NaN outside its field of view."""
        return resample(self.target_scale.normalize(target), grid, outside=math.nan)

    def prepare_mask(self, mask: Volume, *, grid: Grid) -> Volume:
        """The mask on the working grid, 0 or 1."""
        moved = resample(mask, grid, interpolation="nearest", outside=0.0)
        return moved.with_voxels((moved.voxels > 0).astype(np.float32))

    def restore(self, synthesized: Volume, *, source: Volume) -> Volume:
        """A synthesized volume on its source's own grid, in the target's unit.

        Args:
            synthesized: Synthesized volume on the working grid, in [-1, 1].
            source: First source as read, for its grid and stored data type.
        """
        restored = self.target_scale.restore(synthesized, unit=self.target_unit)
        # The working grid covers the source's grid up to rounded sizes: repeat its border voxels.
        moved = resample(restored, source.grid, outside=None)
        return Volume(
            moved.voxels, source.grid, self.target_modality, self.target_unit, source.stored_as
        )

    def _working_grid(self, grid: Grid) -> Grid:
        working = working_grid(grid, spacing_mm=self.spacing_mm)
        trained = self.trained_spacing_mm
        if self.spacing_mm or trained is None or _agree(working.spacing_mm, trained):
            return working
        return working_grid(grid, spacing_mm=trained)


def shared_spacing(grids: Sequence[Grid]) -> Spacing | None:
    """Median spacing in mm (right, anterior, superior) if grids agree within 10 %, else None."""
    spacings = [working_grid(grid, spacing_mm=None).spacing_mm for grid in grids]
    x, y, z = (float(step) for step in np.median(spacings, axis=0))
    return (x, y, z) if all(_agree(spacing, (x, y, z)) for spacing in spacings) else None


def _refuse_apart(volume: Volume, first: Volume, *, names: tuple[str, str]) -> None:
    """Refuse a source that covers less than `LEAST_OVERLAP` of the head in the first source."""
    if volume.grid.matches(first.grid):
        return
    steps = [math.ceil(size / MOST_SAMPLES) for size in first.grid.shape]
    head = head_mask(np.ascontiguousarray(first.voxels[:: steps[0], :: steps[1], :: steps[2]]))
    indices = volume.grid.to_indices(first.grid.to_mm(np.argwhere(head) * np.array(steps)))
    sizes = np.array(volume.grid.shape)
    inside = (indices >= -HALF_VOXEL) & (indices <= sizes - 1 + HALF_VOXEL)
    covered = float(inside.all(1).mean())
    if covered < LEAST_OVERLAP:
        raise GridError(
            f"{names[0]} ({volume.grid}) covers {covered:.0%} of the head in {names[1]}"
            f" ({first.grid}); check that both are of the same person and session, and align them"
        )


def _agree(spacing: Spacing, reference: Spacing) -> bool:
    ratios = np.array(spacing) / np.array(reference)
    return bool(np.abs(ratios - 1).max() <= SPACING_TOLERANCE)
