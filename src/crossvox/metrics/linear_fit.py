"""Linear least-squares fit of the intensities of one volume to another."""

import numpy as np

from crossvox.errors import GridError
from crossvox.metrics.similarity import Mask, Voxels


def linear_fit(synthesized: Voxels, reference: Voxels, *, mask: Mask) -> tuple[float, float]:
    """Fit slope and offset that minimize the squared error to the reference inside the mask.

    Scores after this fit separate errors of brightness and contrast from errors of structure.

    Args:
        synthesized: Synthesized voxels, in any unit.
        reference: Reference voxels.
        mask: Voxels of the fit.

    Returns:
        Slope, which may be negative, and offset in the unit of the reference; slope 0 if the
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
    """Apply `linear_fit` to `synthesized`, in its own precision."""
    slope, offset = linear_fit(synthesized, reference, mask=mask)
    precision = np.result_type(synthesized, np.float32).type
    return np.asarray(synthesized * precision(slope) + precision(offset))
