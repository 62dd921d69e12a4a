"""The linear map of intensities that brings one volume closest to another."""

import numpy as np

from crossvox.errors import GridError
from crossvox.metrics.similarity import Mask, Voxels


def linear_fit(synthesized: Voxels, reference: Voxels, *, mask: Mask) -> tuple[float, float]:
    """Slope and offset that minimize the squared error to the reference inside the mask.

    Scores after this fit tell errors of brightness and contrast apart from errors of structure.

    Args:
        synthesized: What was made, in any unit.
        reference: What it should be.
        mask: Where the fit is made.

    Returns:
        Slope, which may be negative, and offset in the reference's unit; slope 0 where the
        synthesized volume is constant inside the mask.

    Raises:
        GridError: Shapes differ or the mask is empty.
    """
    if not synthesized.shape == reference.shape == mask.shape or not mask.any():
        raise GridError(
            f"a fit needs volumes of one shape and a mask that is not empty, got"
            f" {synthesized.shape}, {reference.shape} and {int(mask.sum())} voxels"
        )
    x, y = synthesized[mask].astype(np.float64), reference[mask].astype(np.float64)
    mean_x, mean_y = float(x.mean()), float(y.mean())
    if np.ptp(x) == 0:
        return 0.0, mean_y
    x -= mean_x
    slope = float(x @ (y - mean_y)) / float(x @ x)
    return slope, mean_y - slope * mean_x


def linearly_fitted(synthesized: Voxels, reference: Voxels, *, mask: Mask) -> Voxels:
    """`synthesized` after its `linear_fit`, in its own precision."""
    slope, offset = linear_fit(synthesized, reference, mask=mask)
    precision = np.result_type(synthesized, np.float32).type
    return np.asarray(synthesized * precision(slope) + precision(offset))
