"""Compute all measures of one volume against its reference."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossvox import metrics
from crossvox.metrics import SsimWindow
from crossvox.scoring.loading import LoadedPair
from crossvox.scoring.measures import MEASURES
from crossvox.scoring.scored_volume import ScoredVolume, Voxels

Scores = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class RegionScore:
    """Scores inside one label of one case.

    Attributes:
        label: Number in the label map.
        voxels: Number of voxels.
        mae: Mean absolute error in the target's unit; NaN where the region is empty.
        bias: Mean error in the target's unit; NaN where the region is empty.
        ssim: Mean of the SSIM map inside the region; NaN where it is empty.
    """

    label: int
    voxels: int
    mae: float
    bias: float
    ssim: float


def score(voxels: Voxels, loaded: LoadedPair, *, window: SsimWindow) -> Scores:
    """Compute every measure of `voxels` against the reference; NaN where undefined.

    Args:
        voxels: Synthesized volume or baseline on the grid of the reference, (X, Y, Z).
        loaded: Reference, mask and stated range.
        window: SSIM window.
    """
    volume = ScoredVolume(voxels=voxels, loaded=loaded, window=window)
    return {measure.name: measure.function(volume) for measure in MEASURES}


def score_regions(
    voxels: Voxels, loaded: LoadedPair, *, window: SsimWindow
) -> tuple[RegionScore, ...]:
    """Compute scores inside each label except background 0; empty without a label map."""
    if loaded.labels is None:
        return ()
    reference = loaded.reference.voxels
    similarity = metrics.ssim_map(voxels, reference, data_range=loaded.data_range, window=window)
    labels = [int(label) for label in np.unique(loaded.labels) if label != 0]
    return tuple(
        _region(label, loaded.labels == label, voxels, reference, similarity) for label in labels
    )


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
