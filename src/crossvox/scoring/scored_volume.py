"""A volume with its reference, and cached intermediate results that several measures share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from crossvox import metrics
from crossvox.metrics import SsimWindow
from crossvox.scoring.loading import LoadedPair

Voxels = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredVolume:
    """A synthesized volume or baseline, with the reference data that its measures need.

    Attributes:
        voxels: Intensities on the grid of the reference, (X, Y, Z).
        loaded: Reference, mask and stated range.
        window: SSIM window.
    """

    voxels: Voxels
    loaded: LoadedPair
    window: SsimWindow

    @property
    def reference(self) -> Voxels:
        """Voxels of the reference, (X, Y, Z)."""
        return self.loaded.reference.voxels

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Mask of the voxels that count, (X, Y, Z)."""
        return self.loaded.mask

    @property
    def data_range(self) -> float:
        """Stated range, in the unit of the reference."""
        return self.loaded.data_range

    @cached_property
    def axis(self) -> int:
        """Index of the through-plane axis."""
        return metrics.through_plane_axis(self.loaded.reference.grid)

    @property
    def step_mm(self) -> float:
        """Distance between neighboring slices in mm."""
        return self.loaded.reference.grid.spacing_mm[self.axis]

    @cached_property
    def similarity(self) -> NDArray[np.floating]:
        """SSIM map, (X, Y, Z)."""
        return metrics.ssim_map(
            self.voxels, self.reference, data_range=self.data_range, window=self.window
        )

    @cached_property
    def fitted(self) -> Voxels:
        """The volume after the best linear fit of its intensities to the reference."""
        return metrics.linearly_fitted(self.voxels, self.reference, mask=self.mask)

    @cached_property
    def synthrad2023(self) -> Mapping[str, float]:
        """Measures of the SynthRAD2023 challenge."""
        return metrics.synthrad2023(self.voxels, self.reference, mask=self.mask)

    @property
    def holds_uniform_window(self) -> bool:
        """Whether the volume has at least 7 voxels, the uniform SSIM window, along each axis."""
        return bool(min(self.voxels.shape) >= metrics.UNIFORM7.size)
