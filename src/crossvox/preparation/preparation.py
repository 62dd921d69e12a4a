"""How volumes reach network scale and return (decisions 0002 and 0003)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossvox.errors import SettingsError
from crossvox.preparation.intensity import IntensityScale
from crossvox.preparation.resampling import resample, working_grid
from crossvox.volume.grid import Grid
from crossvox.volume.volume import Volume

Spacing = tuple[float, float, float]

SAME_SPACING = 0.1  # relative difference that a network does not mind


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

        Args:
            sources: In the order of `source_modalities`; the first gives the grid.

        Raises:
            SettingsError: The number of volumes is not the number of source modalities.
        """
        if len(sources) != len(self.source_modalities):
            wanted = ", ".join(self.source_modalities)
            raise SettingsError(f"this model needs {wanted}; got {len(sources)} volume(s)")
        grid = self._working_grid(sources[0].grid)
        return tuple(
            resample(scale.normalise(volume), grid, outside=-1.0)
            for scale, volume in zip(self.source_scales, sources, strict=True)
        )

    def prepare_target(self, target: Volume, *, grid: Grid) -> Volume:
        """The target on the working grid of its source, in [-1, 1]."""
        return resample(self.target_scale.normalise(target), grid, outside=-1.0)

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
        low, _ = self.target_scale.limits
        moved = resample(restored, source.grid, outside=low)
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


def _agree(one: Spacing, other: Spacing) -> bool:
    return bool(np.abs(np.array(one) / np.array(other) - 1).max() <= SAME_SPACING)
