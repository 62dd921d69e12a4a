"""Compute every measure of one case, for any number of volumes synthesized for it."""

from collections.abc import Mapping

import numpy as np

from crossvox.metrics import SsimWindow, slice_mean_difference, through_plane_axis
from crossvox.scoring.feature_distances import REFERENCE
from crossvox.scoring.inception_features import InceptionFeatures
from crossvox.scoring.loading import LoadedPair
from crossvox.scoring.random_features import random_features
from crossvox.scoring.results import CaseFacts, CaseResult
from crossvox.scoring.scored_volume import Voxels
from crossvox.scoring.scores import score


def score_volumes(
    loaded: LoadedPair,
    volumes: Mapping[str, Voxels],
    *,
    window: SsimWindow,
    inception: InceptionFeatures | None = None,
) -> CaseResult:
    """Compute every measure of each of `volumes` against one reference, without regions.

    The caller adds the coverage of each volume and the scores of a perfect network.

    Args:
        loaded: Reference, mask and stated range, shared by all volumes.
        volumes: Voxels (X, Y, Z) on the grid of the reference, by method.
        window: SSIM window.
        inception: Extractor of slice features for FID and KID.
    """
    reference = loaded.reference
    axis = through_plane_axis(reference.grid)
    with_reference = {**volumes, REFERENCE: reference.voxels}
    return CaseResult(
        pair=loaded.pair,
        facts=_facts(loaded, axis),
        scores={name: score(voxels, loaded, window=window) for name, voxels in volumes.items()},
        regions=(),
        slice_curves={
            name: slice_mean_difference(voxels, reference.voxels, axis=axis, mask=loaded.mask)
            for name, voxels in volumes.items()
        },
        features={
            name: random_features(
                voxels, mask=loaded.mask, low=loaded.low, data_range=loaded.data_range
            )
            for name, voxels in with_reference.items()
        },
        slice_features={}
        if inception is None
        else {
            name: inception.features(
                voxels,
                grid=reference.grid,
                mask=loaded.mask,
                low=loaded.low,
                data_range=loaded.data_range,
            )
            for name, voxels in with_reference.items()
        },
    )


def _facts(loaded: LoadedPair, axis: int) -> CaseFacts:
    grid = loaded.reference.grid
    return CaseFacts(
        mask_origin=loaded.mask_origin,
        mask_voxels=int(loaded.mask.sum()),
        data_range=loaded.data_range,
        unit=loaded.unit,
        resampled=loaded.resampled,
        grid=str(grid),
        slice_positions_mm=np.arange(grid.shape[axis], dtype=np.float64) * grid.spacing_mm[axis],
        sidecar=loaded.sidecar,
    )
