"""Volumes and their grids in patient space."""

from crossvox.volume.grid import Forms, Grid
from crossvox.volume.volume import Volume

__all__ = ["Forms", "Grid", "Volume"]
