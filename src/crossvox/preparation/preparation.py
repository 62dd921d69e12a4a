"""How volumes reach network scale and return (decisions 0002 and 0003)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossvox.errors import GridError, SettingsError
from crossvox.preparation.intensity import IntensityScale
from crossvox.preparation.resampling import HALF_VOXEL, resample, working_grid
from crossvox.volume.foreground import head_of
from crossvox.volume.grid import Grid
from crossvox.volume.volume import Volume

Spacing = tuple[float, float, float]

SAME_SPACING = 0.1  # relative difference that a network does not mind
LEAST_OVERLAP = 0.5  # share of the first source's head that every other source has to show
MOST_SAMPLES = 64  # voxels along an axis that overlap is measured on
BACKGROUND = -1.0


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """The working grid and the intensity scales of one trained method.

    Only two things are ever undone: the grid, and the target's scale.

    Attributes:
        source_modalities: In the order of the network's channels.
        target_modality: BIDS suffix of what is synthesized.
        target_unit: Unit of the synthesized volume.
        spacing_mm: Of the working grid (right, anterior, superior); the source's own where None.
        trained_spacing_mm: What all training sources shared, if they did; a source that is kept
            at its own spacing is brought to this one where it differs by more than a tenth.
        source_scales: One for each source modality.
        target_scale: How the synthesized volume is restored.
    """

    source_modalities: tuple[str, ...]
    target_modality: str
    target_unit: str
    spacing_mm: Spacing | None
    source_scales: tuple[IntensityScale, ...]
    target_scale: IntensityScale
    trained_spacing_mm: Spacing | None = None

    def prepare_sources(self, sources: Sequence[Volume]) -> tuple[Volume, ...]:
        """The source volumes of one person, on one working grid, in [-1, 1].

        Where another source's field of view ends, the network is given background.

        Args:
            sources: In the order of `source_modalities`; the first gives the grid.

        Raises:
            SettingsError: The number of volumes is not the number of source modalities.
            GridError: Another source shows less than half of the head that the first shows.
        """
        if len(sources) != len(self.source_modalities):
            wanted = ", ".join(self.source_modalities)
            raise SettingsError(f"this model needs {wanted}; got {len(sources)} volume(s)")
        for modality, other in zip(self.source_modalities[1:], sources[1:], strict=True):
            _refuse_apart(other, sources[0], names=(modality, self.source_modalities[0]))
        grid = self._working_grid(sources[0].grid)
        return tuple(
            resample(scale.normalize(volume), grid, outside=BACKGROUND)
            for scale, volume in zip(self.source_scales, sources, strict=True)
        )

    def prepare_target(self, target: Volume, *, grid: Grid) -> Volume:
        """The target on the working grid of its source, in [-1, 1]; NaN where it shows nothing."""
        return resample(self.target_scale.normalize(target), grid, outside=math.nan)

    def prepare_mask(self, mask: Volume, *, grid: Grid) -> Volume:
        """The mask on the working grid, 0 or 1."""
        moved = resample(mask, grid, interpolation="nearest", outside=0.0)
        return moved.with_voxels((moved.voxels > 0).astype(np.float32))

    def restore(self, synthesized: Volume, *, source: Volume) -> Volume:
        """A synthesized volume on its source's own grid, in the target's unit.

        Args:
            synthesized: Working grid, [-1, 1].
            source: The first source as it was read; gives grid and stored data type.
        """
        restored = self.target_scale.restore(synthesized, unit=self.target_unit)
        # The working grid shows all of the source's, to the rounding of its sizes.
        moved = resample(restored, source.grid, outside=None)
        return Volume(
            moved.voxels, source.grid, self.target_modality, self.target_unit, source.stored_as
        )

    def _working_grid(self, grid: Grid) -> Grid:
        kept = working_grid(grid, spacing_mm=self.spacing_mm)
        known = self.trained_spacing_mm
        if self.spacing_mm or known is None or _agree(kept.spacing_mm, known):
            return kept
        return working_grid(grid, spacing_mm=known)


def shared_spacing(grids: Sequence[Grid]) -> Spacing | None:
    """The median spacing (right, anterior, superior) of grids that agree to a tenth, else None."""
    spacings = [working_grid(grid, spacing_mm=None).spacing_mm for grid in grids]
    x, y, z = (float(step) for step in np.median(spacings, axis=0))
    return (x, y, z) if all(_agree(one, (x, y, z)) for one in spacings) else None


def _refuse_apart(volume: Volume, first: Volume, *, names: tuple[str, str]) -> None:
    """Refuse a source that shows too little of what the first shows, or nothing of it."""
    if volume.grid.matches(first.grid):
        return
    steps = [math.ceil(size / MOST_SAMPLES) for size in first.grid.shape]
    head = head_of(np.ascontiguousarray(first.voxels[:: steps[0], :: steps[1], :: steps[2]]))
    places = volume.grid.to_indices(first.grid.to_mm(np.argwhere(head) * np.array(steps)))
    sizes = np.array(volume.grid.shape)
    shown = float(((places >= -HALF_VOXEL) & (places <= sizes - 1 + HALF_VOXEL)).all(1).mean())
    if shown < LEAST_OVERLAP:
        raise GridError(
            f"{names[0]} ({volume.grid}) shows {shown:.0%} of the head in {names[1]}"
            f" ({first.grid}); is it the same person and session? Align them first"
        )


def _agree(one: Spacing, other: Spacing) -> bool:
    return bool(np.abs(np.array(one) / np.array(other) - 1).max() <= SAME_SPACING)
