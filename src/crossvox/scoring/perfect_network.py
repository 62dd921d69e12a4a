"""Scores of a perfect network: the upper bound set by a model's intensity scale.

A network predicts values within [-1, 1]. Its target scale clips the reference at the limits and
maps the result back with the same limits for every person, which alone changes intensities.
"""

import math

from crossvox import metrics
from crossvox.errors import SettingsError
from crossvox.metrics import SsimWindow
from crossvox.preparation.intensity import PERCENTILES, IntensityScale
from crossvox.scoring.loading import LoadedPair, Sidecar
from crossvox.scoring.scores import Scores

SCALE_KINDS = frozenset({"window", "cohort", "volume"})


def perfect_scores(loaded: LoadedPair, sidecar: Sidecar, *, window: SsimWindow) -> Scores:
    """MAE, PSNR and SSIM of a network that predicts the normalized reference exactly.

    Args:
        loaded: Reference, mask and stated range.
        sidecar: Sidecar of the synthesized volume; its `TargetScale` is the model's.
        window: SSIM window.

    Returns:
        Scores by measure; empty if the sidecar has no usable scale, or the scale does not apply
        to this reference.
    """
    scale = scale_of(sidecar)
    if scale is None:
        return {}
    reference, mask, data_range = loaded.reference, loaded.mask, loaded.data_range
    try:
        restored = scale.restore(scale.normalize(reference), unit=loaded.unit).voxels
    except SettingsError:
        return {}
    target = reference.voxels
    return {
        "mae": metrics.mae(restored, target, mask=mask),
        "psnr": metrics.psnr(restored, target, data_range=data_range, mask=mask),
        "ssim": metrics.ssim(restored, target, data_range=data_range, mask=mask, window=window),
    }


def scale_of(sidecar: Sidecar) -> IntensityScale | None:
    """Read the target scale of a sidecar; None if it has no usable scale."""
    scale = sidecar.get("TargetScale")
    if not isinstance(scale, dict) or scale.get("kind") not in SCALE_KINDS:
        return None
    limits = _two_numbers(scale.get("limits"))
    percentiles = _two_numbers(scale.get("percentiles", PERCENTILES), within=(0.0, 100.0))
    if limits is None or percentiles is None:
        return None
    return IntensityScale(kind=scale["kind"], limits=limits, percentiles=percentiles)


def _two_numbers(
    values: object, *, within: tuple[float, float] = (-math.inf, math.inf)
) -> tuple[float, float] | None:
    """Return two increasing finite numbers `within` bounds; None for any other value."""
    if not isinstance(values, list | tuple) or len(values) != len(PERCENTILES):
        return None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
        return None
    low, high = float(values[0]), float(values[1])
    return (low, high) if within[0] <= low < high <= within[1] else None
