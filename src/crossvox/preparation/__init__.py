"""Convert between scanned volumes and the working grid and intensity scale of a network."""

from crossvox.preparation.intensity import IntensityScale
from crossvox.preparation.preparation import Preparation

__all__ = ["IntensityScale", "Preparation"]
