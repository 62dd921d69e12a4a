"""Volume: voxels on a grid, with modality and unit."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import GridError
from crossvox.volume.grid import Grid


@dataclass(frozen=True, eq=False)
class Volume:
    """Volume of one modality of one person.

    Attributes:
        voxels: Intensities (X, Y, Z), float32.
        grid: Grid of the voxels in patient space.
        modality: BIDS suffix such as "FLAIR" or "T1w"; empty if unknown.
        unit: Unit of the intensities: "HU", "Bq/mL", "arbitrary" (scanner units), "label" or
            "normalized" (network scale, [-1, 1]).
        stored_as: Data type in the file that was read, whose kind (integer or float) is kept in
            files written from the volume.

    Raises:
        GridError: The voxels and the grid have different shapes.
    """

    voxels: NDArray[np.float32]
    grid: Grid
    modality: str = ""
    unit: str = "arbitrary"
    stored_as: str = "float32"

    def __post_init__(self) -> None:
        if self.voxels.shape != self.grid.shape:
            raise GridError(
                f"voxels of shape {self.voxels.shape} do not fit a grid of shape {self.grid.shape}"
            )
        object.__setattr__(self, "voxels", np.asarray(self.voxels, dtype=np.float32))

    def with_voxels(
        self, voxels: NDArray[np.float32], *, modality: str | None = None, unit: str | None = None
    ) -> "Volume":
        """Copy of the volume with other voxels on the same grid."""
        return replace(
            self,
            voxels=voxels,
            modality=self.modality if modality is None else modality,
            unit=self.unit if unit is None else unit,
        )
