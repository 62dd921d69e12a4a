"""All measures of one volume against its reference."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossvox import metrics
from crossvox.errors import GridError
from crossvox.metrics import SsimWindow
from crossvox.scoring.loading import LoadedPair
from crossvox.scoring.measures import HOUNSFIELD

Voxels = NDArray[np.float32]
Scores = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class RegionScore:
    """Scores inside one label of one case.

    Attributes:
        label: Number in the label map.
        voxels: How many it has there.
        mae: In the target's unit; NaN where the region is empty.
        bias: Likewise.
        ssim: Mean of the map inside the region; NaN where it is empty.
    """

    label: int
    voxels: int
    mae: float
    bias: float
    ssim: float


def score(voxels: Voxels, loaded: LoadedPair, *, window: SsimWindow) -> Scores:
    """Every measure of `voxels` against the reference; NaN where a measure has no meaning here.

    Args:
        voxels: On the grid of the pair: the synthesized volume or a baseline.
        loaded: Reference, mask and stated range.
        window: Of SSIM.
    """
    reference, mask, data_range = loaded.reference.voxels, loaded.mask, loaded.data_range
    axis = metrics.through_plane_axis(loaded.reference.grid)
    step_mm = loaded.reference.grid.spacing_mm[axis]
    similarity = metrics.ssim_map(voxels, reference, data_range=data_range, window=window)
    return {
        "mae": metrics.mae(voxels, reference, mask=mask),
        "rmse": metrics.rmse(voxels, reference, mask=mask),
        "psnr": metrics.psnr(voxels, reference, data_range=data_range, mask=mask),
        "ssim": float(similarity[mask].mean(dtype=np.float64)),
        **_after_linear_fit(voxels, loaded, window=window),
        "ssim_full": float(similarity.mean(dtype=np.float64)),
        "bias": metrics.bias(voxels, reference, mask=mask),
        "nmae": metrics.nmae(voxels, reference, data_range=data_range, mask=mask),
        "nrmse": metrics.nrmse(voxels, reference, data_range=data_range, mask=mask),
        "ssim_slice": metrics.ssim_slice(
            voxels, reference, data_range=data_range, axis=axis, mask=mask
        ),
        "slice_consistency": metrics.slice_consistency(
            voxels, reference, axis=axis, spacing_mm=step_mm, mask=mask
        ),
        "slice_mean_std": metrics.slice_mean_std(voxels, reference, axis=axis, mask=mask),
        "nmi_source": _nmi_source(voxels, loaded),
        **_by_recipe(voxels, loaded),
    }


def score_regions(
    voxels: Voxels, loaded: LoadedPair, *, window: SsimWindow
) -> tuple[RegionScore, ...]:
    """Scores inside each label, background 0 left out; none without a label map."""
    if loaded.labels is None:
        return ()
    reference = loaded.reference.voxels
    similarity = metrics.ssim_map(voxels, reference, data_range=loaded.data_range, window=window)
    labels = [int(label) for label in np.unique(loaded.labels) if label != 0]
    return tuple(
        _region(label, loaded.labels == label, voxels, reference, similarity) for label in labels
    )


def _after_linear_fit(voxels: Voxels, loaded: LoadedPair, *, window: SsimWindow) -> Scores:
    reference, mask, data_range = loaded.reference.voxels, loaded.mask, loaded.data_range
    fitted = metrics.linearly_fitted(voxels, reference, mask=mask)
    return {
        "mae_linear": metrics.mae(fitted, reference, mask=mask),
        "psnr_linear": metrics.psnr(fitted, reference, data_range=data_range, mask=mask),
        "ssim_linear": metrics.ssim(
            fitted, reference, data_range=data_range, mask=mask, window=window
        ),
    }


def _nmi_source(voxels: Voxels, loaded: LoadedPair) -> float:
    """Where the source lies: beyond its field of view it tells nothing of the synthesized."""
    source = loaded.placed_source
    if source is None:
        return math.nan
    seen = loaded.mask if source.covered is None else loaded.mask & source.covered
    return metrics.nmi(voxels, source.volume.voxels, mask=seen) if seen.any() else math.nan


def _region(
    label: int,
    inside: NDArray[np.bool_],
    voxels: Voxels,
    reference: Voxels,
    similarity: NDArray[np.floating],
) -> RegionScore:
    return RegionScore(
        label=label,
        voxels=int(inside.sum()),
        mae=metrics.mae(voxels, reference, mask=inside),
        bias=metrics.bias(voxels, reference, mask=inside),
        ssim=float(similarity[inside].mean(dtype=np.float64)),
    )


def _by_recipe(voxels: Voxels, loaded: LoadedPair) -> Scores:
    reference = loaded.reference.voxels
    found = dict.fromkeys(
        ("ssim_skimage7", "ssim_brasyn", "mae_synthrad2023", "ssim_synthrad2023"), math.nan
    )
    found["ssim_brasyn"] = _brasyn(voxels, reference)
    if min(reference.shape) < metrics.UNIFORM7.size:
        return found
    found["ssim_skimage7"] = metrics.skimage7(voxels, reference, data_range=loaded.data_range)
    if loaded.unit == HOUNSFIELD:
        challenge = metrics.synthrad2023(voxels, reference, mask=loaded.mask)
        found["mae_synthrad2023"] = challenge["mae"]
        found["ssim_synthrad2023"] = challenge["ssim"]
    return found


def _brasyn(voxels: Voxels, reference: Voxels) -> float:
    try:
        return metrics.brasyn(voxels, reference)
    except GridError:
        return math.nan
