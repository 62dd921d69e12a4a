"""How much one volume tells about another, whatever their contrasts."""

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import GridError
from crossvox.metrics.similarity import Mask, Voxels

BINS = 64


def nmi(first: Voxels, second: Voxels, *, mask: Mask | None = None, bins: int = BINS) -> float:
    """Normalized mutual information: 1 for independent volumes, 2 for one made of the other.

    Args:
        first: Any unit.
        second: Any unit.
        mask: Where to look.
        bins: Of equal width from each volume's lowest to its highest value inside the mask.

    Returns:
        NaN where both volumes are constant.

    Raises:
        GridError: Shapes differ.

    Source:
        Studholme, Hill, Hawkes 1999, doi 10.1016/S0031-3203(98)00091-0
    """
    if first.shape != second.shape:
        raise GridError(f"volumes of {first.shape} and {second.shape} cannot be compared")
    inside = ... if mask is None else mask
    joint, _, _ = np.histogram2d(first[inside].ravel(), second[inside].ravel(), bins=bins)
    together = _entropy(joint)
    apart = _entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))
    return apart / together if together > 0 else float("nan")


def _entropy(counts: NDArray[np.float64]) -> float:
    probabilities = counts[counts > 0] / counts.sum()
    return float(-(probabilities * np.log(probabilities)).sum())
