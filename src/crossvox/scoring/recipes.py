"""Measures that apply only to some volumes, mostly recipes of other projects; NaN otherwise."""

import math

from crossvox import metrics
from crossvox.errors import GridError
from crossvox.scoring.scored_volume import ScoredVolume

HOUNSFIELD = "HU"


def nmi_source(volume: ScoredVolume) -> float:
    """Normalized mutual information with the source inside the source's field of view.

    NaN without a source, or if its field of view does not overlap the mask.
    """
    source = volume.loaded.placed_source
    if source is None:
        return math.nan
    mask = volume.mask if source.covered is None else volume.mask & source.covered
    return metrics.nmi(volume.voxels, source.volume.voxels, mask=mask) if mask.any() else math.nan


def skimage7(volume: ScoredVolume) -> float:
    """SSIM with scikit-image's defaults; NaN for a volume thinner than its window."""
    if not volume.holds_uniform_window:
        return math.nan
    return metrics.skimage7(volume.voxels, volume.reference, data_range=volume.data_range)


def brasyn(volume: ScoredVolume) -> float:
    """SSIM of the BraSyn challenge; NaN if a volume is constant between its percentiles."""
    try:
        return metrics.brasyn(volume.voxels, volume.reference)
    except GridError:
        return math.nan


def mae_synthrad2023(volume: ScoredVolume) -> float:
    """MAE of the SynthRAD2023 challenge; NaN for units other than HU or for thin volumes."""
    return volume.synthrad2023["mae"] if _fits_synthrad2023(volume) else math.nan


def ssim_synthrad2023(volume: ScoredVolume) -> float:
    """SSIM of the SynthRAD2023 challenge; NaN for units other than HU or for thin volumes."""
    return volume.synthrad2023["ssim"] if _fits_synthrad2023(volume) else math.nan


def _fits_synthrad2023(volume: ScoredVolume) -> bool:
    return volume.loaded.unit == HOUNSFIELD and volume.holds_uniform_window
