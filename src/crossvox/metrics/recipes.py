"""Measures that follow the recipes of other projects, for comparison with their numbers.

These are for comparison only; crossvox itself uses the measures in `similarity`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import GridError
from crossvox.metrics.similarity import (
    UNIFORM7,
    Mask,
    Voxels,
    mae,
    ssim_full,
    ssim_map,
)

SYNTHRAD_LOWEST_HU = -1024.0
SYNTHRAD_HIGHEST_HU = 3000.0
BRASYN_PERCENTILES = (0.5, 99.5)


def skimage7(synthesized: Voxels, reference: Voxels, *, data_range: float) -> float:
    """SSIM with the defaults of scikit-image's `structural_similarity`.

    It uses a uniform window of 7 voxels and sample covariance, averaged over the volume without
    the 3 voxels next to its borders.

    Raises:
        GridError: The volume has fewer than 7 voxels along an axis.

    Source:
        scikit-image 0.26, skimage.metrics.structural_similarity
    """
    similarity = ssim_map(synthesized, reference, data_range=data_range, window=UNIFORM7)
    return float(similarity[_without_borders(similarity.shape)].mean(dtype=np.float64))


def synthrad2023(synthesized: Voxels, reference: Voxels, *, mask: Mask) -> dict[str, float]:
    """Scores of the SynthRAD2023 challenge, for volumes in HU.

    `mae` is computed inside the mask without clipping. `ssim` clips both volumes to [-1024, 3000]
    HU, sets them to -1024 HU outside the mask, uses a uniform window of 7 voxels with range 4024,
    and averages inside the mask, excluding the 3 voxels next to the borders; it is NaN if no voxel
    of the mask remains.

    Raises:
        GridError: The volume has fewer than 7 voxels along an axis, or the mask is empty.

    Source:
        Huijben et al. 2024, arXiv 2403.08447, and the metrics code of the challenge
    """
    shifted = [
        np.where(mask, np.clip(voxels, SYNTHRAD_LOWEST_HU, SYNTHRAD_HIGHEST_HU), SYNTHRAD_LOWEST_HU)
        - SYNTHRAD_LOWEST_HU
        for voxels in (synthesized, reference)
    ]
    data_range = SYNTHRAD_HIGHEST_HU - SYNTHRAD_LOWEST_HU
    similarity = ssim_map(shifted[0], shifted[1], data_range=data_range, window=UNIFORM7)
    inner = _without_borders(similarity.shape)
    scores = similarity[inner][mask[inner]]
    return {
        "mae": mae(synthesized, reference, mask=mask),
        "ssim": float(scores.mean(dtype=np.float64)) if scores.size else math.nan,
    }


def brasyn(synthesized: Voxels, reference: Voxels) -> float:
    """SSIM of the BraSyn challenge: each volume on its own scale, over the whole volume.

    Negative values become 0; each volume is clipped to its own 0.5 and 99.5 percentiles and
    scaled to [0, 1]; then Gaussian SSIM with range 1. It ignores overall brightness and contrast.

    Raises:
        GridError: A volume is constant between its percentiles.

    Source:
        Li et al. 2023, arXiv 2305.09011, and the metrics code of the BraTS synthesis challenges
    """
    return ssim_full(_scaled_by_itself(synthesized), _scaled_by_itself(reference), data_range=1.0)


def _scaled_by_itself(voxels: Voxels) -> NDArray[np.float64]:
    positive = np.maximum(np.asarray(voxels, np.float64), 0.0)
    low, high = np.percentile(positive, BRASYN_PERCENTILES)
    if high <= low:
        raise GridError(
            "a volume is constant between its 0.5 and 99.5 percentiles, so BraSyn cannot scale it"
        )
    return np.asarray((np.clip(positive, low, high) - low) / (high - low))


def _without_borders(shape: tuple[int, ...]) -> tuple[slice, ...]:
    if min(shape) < UNIFORM7.size:
        raise GridError(
            f"a window of {UNIFORM7.size} voxels does not fit into a volume of shape {shape}"
        )
    return tuple(slice(UNIFORM7.radius, size - UNIFORM7.radius) for size in shape)
