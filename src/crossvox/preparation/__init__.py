"""Between volumes as they were scanned and the working grid and scale of a network."""

from crossvox.preparation.intensity import IntensityScale
from crossvox.preparation.preparation import Preparation

__all__ = ["IntensityScale", "Preparation"]
