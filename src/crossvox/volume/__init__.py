"""A volume and where it lies in the patient."""

from crossvox.volume.grid import Forms, Grid
from crossvox.volume.volume import Volume

__all__ = ["Forms", "Grid", "Volume"]
