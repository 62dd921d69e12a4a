"""Voxels on a grid."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import GridError
from crossvox.volume.grid import Grid


@dataclass(frozen=True, eq=False)
class Volume:
    """One modality of one person.

    Attributes:
        voxels: (X, Y, Z) float32.
        grid: Where they lie.
        modality: BIDS suffix such as "FLAIR" or "T1w"; empty where unknown.
        unit: "HU", "Bq/mL", "arbitrary" (scanner units), "label" or "normalized" (network
            scale, [-1, 1]).
        stored_as: Data type of the file the voxels came from; a written volume keeps its family.

    Raises:
        GridError: The voxels' shape is not the grid's.
    """

    voxels: NDArray[np.float32]
    grid: Grid
    modality: str = ""
    unit: str = "arbitrary"
    stored_as: str = "float32"

    def __post_init__(self) -> None:
        if self.voxels.shape != self.grid.shape:
            raise GridError(f"voxels of shape {self.voxels.shape} on a grid of {self.grid.shape}")
        object.__setattr__(self, "voxels", np.asarray(self.voxels, dtype=np.float32))

    def with_voxels(
        self, voxels: NDArray[np.float32], *, modality: str | None = None, unit: str | None = None
    ) -> "Volume":
        """Other voxels on the same grid."""
        return replace(
            self,
            voxels=voxels,
            modality=self.modality if modality is None else modality,
            unit=self.unit if unit is None else unit,
        )
