"""Normalized mutual information of two volumes of any contrast."""

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import GridError
from crossvox.metrics.similarity import Mask, Voxels

BINS = 64


def nmi(first: Voxels, second: Voxels, *, mask: Mask | None = None, bins: int = BINS) -> float:
    """Normalized mutual information: 1 for independent volumes, 2 for a one-to-one mapping.

    Args:
        first: Voxels in any unit.
        second: Voxels in any unit.
        mask: Voxels that count; None for all.
        bins: Number of bins of equal width between the lowest and highest value in the mask.

    Returns:
        Value from 1 to 2; NaN if both volumes are constant.

    Raises:
        GridError: Shapes differ.

    Source:
        Studholme, Hill, Hawkes 1999, doi 10.1016/S0031-3203(98)00091-0
    """
    if first.shape != second.shape:
        raise GridError(
            f"volumes of shapes {first.shape} and {second.shape} cannot be compared; bring both to"
            " one grid"
        )
    inside = ... if mask is None else mask
    joint, _, _ = np.histogram2d(first[inside].ravel(), second[inside].ravel(), bins=bins)
    joint_entropy = _entropy(joint)
    marginal_entropies = _entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))
    return marginal_entropies / joint_entropy if joint_entropy > 0 else float("nan")


def _entropy(counts: NDArray[np.float64]) -> float:
    probabilities = counts[counts > 0] / counts.sum()
    return float(-(probabilities * np.log(probabilities)).sum())
