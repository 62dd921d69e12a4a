"""What a perfect network would score: the limit that a model's intensity scale sets.

A network answers within [-1, 1]. Its target scale clips the reference at the limits and restores
what is left, for every person by the same limits; this alone moves intensities.
"""

import math

from crossvox import metrics
from crossvox.errors import SettingsError
from crossvox.metrics import SsimWindow
from crossvox.preparation.intensity import PERCENTILES, IntensityScale
from crossvox.scoring.loading import LoadedPair, Sidecar
from crossvox.scoring.scores import Scores

KINDS = frozenset({"window", "cohort", "volume"})


def perfect_scores(loaded: LoadedPair, sidecar: Sidecar, *, window: SsimWindow) -> Scores:
    """MAE, PSNR and SSIM of a network that answers exactly what it was taught.

    Args:
        loaded: Reference, mask and stated range.
        sidecar: Of the synthesized volume; its `TargetScale` is the model's.
        window: Of SSIM.

    Returns:
        Empty where the sidecar tells no scale, or the scale cannot be laid on this reference.
    """
    scale = scale_of(sidecar)
    if scale is None:
        return {}
    reference, mask, data_range = loaded.reference, loaded.mask, loaded.data_range
    try:
        restored = scale.restore(scale.normalize(reference), unit=loaded.unit).voxels
    except SettingsError:
        return {}
    real = reference.voxels
    return {
        "mae": metrics.mae(restored, real, mask=mask),
        "psnr": metrics.psnr(restored, real, data_range=data_range, mask=mask),
        "ssim": metrics.ssim(restored, real, data_range=data_range, mask=mask, window=window),
    }


def scale_of(sidecar: Sidecar) -> IntensityScale | None:
    """The target scale that a sidecar tells; None where it tells none that can be used."""
    said = sidecar.get("TargetScale")
    if not isinstance(said, dict) or said.get("kind") not in KINDS:
        return None
    limits = _two_numbers(said.get("limits"))
    percentiles = _two_numbers(said.get("percentiles", PERCENTILES), within=(0.0, 100.0))
    if limits is None or percentiles is None:
        return None
    return IntensityScale(kind=said["kind"], limits=limits, percentiles=percentiles)


def _two_numbers(
    said: object, *, within: tuple[float, float] = (-math.inf, math.inf)
) -> tuple[float, float] | None:
    """Two rising numbers, as limits and percentiles are; None of anything else."""
    if not isinstance(said, list | tuple) or len(said) != len(PERCENTILES):
        return None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in said):
        return None
    low, high = float(said[0]), float(said[1])
    return (low, high) if within[0] <= low < high <= within[1] else None
