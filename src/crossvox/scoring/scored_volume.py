"""One volume beside its reference, with what several measures need computed once."""

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
    """A synthesized volume or a baseline, and everything that its measures compare it with.

    Attributes:
        voxels: (X, Y, Z) on the grid of the reference.
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
        """Voxels that count, (X, Y, Z)."""
        return self.loaded.mask

    @property
    def data_range(self) -> float:
        """Stated range, in the unit of the reference."""
        return self.loaded.data_range

    @cached_property
    def axis(self) -> int:
        """Through-plane axis."""
        return metrics.through_plane_axis(self.loaded.reference.grid)

    @property
    def step_mm(self) -> float:
        """Distance of neighboring slices."""
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
        """Whether each size is at least the 7 voxels of the uniform SSIM window."""
        return bool(min(self.voxels.shape) >= metrics.UNIFORM7.size)
