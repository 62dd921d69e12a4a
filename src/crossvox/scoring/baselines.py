"""Baselines that a method must beat: volumes produced without any training."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossvox.files import read_volume
from crossvox.scoring.loading import LoadedPair
from crossvox.volume import Volume

COPIED = "copied source"
MATCHED = "histogram-matched source"
MEAN_TARGET = "mean training target"
BASELINES = (COPIED, MATCHED, MEAN_TARGET)
MEANINGS = {
    COPIED: "the unchanged source, its intensities taken as the target's",
    MATCHED: (
        "the source mapped to the histogram of each person's own reference inside the mask; this"
        " is an oracle, because it uses the histogram of the reference"
    ),
    MEAN_TARGET: "the mean of the training targets, the same volume for every person",
}
QUANTILE_LEVELS = 1025


def baselines_of(
    loaded: LoadedPair, *, mean_target: Volume | None
) -> dict[str, NDArray[np.float32]]:
    """Voxels of each baseline that is available for this case, by name."""
    baselines: dict[str, NDArray[np.float32]] = {}
    if loaded.source is not None:
        source = loaded.source.voxels
        baselines[COPIED] = source
        baselines[MATCHED] = match_histogram(source, loaded.reference.voxels, mask=loaded.mask)
    if mean_target is not None and mean_target.grid.matches(loaded.reference.grid):
        baselines[MEAN_TARGET] = mean_target.voxels
    return baselines


def uncovered_of(loaded: LoadedPair) -> dict[str, float]:
    """Share of the mask outside the source's field of view, for each baseline derived from it."""
    if loaded.placed_source is None:
        return {}
    return dict.fromkeys((COPIED, MATCHED), loaded.placed_source.uncovered_share(loaded.mask))


def read_mean_target(path: Path | None) -> Volume | None:
    """Read the mean training target; None without a path."""
    return None if path is None else read_volume(path)


def match_histogram(
    source: NDArray[np.float32], reference: NDArray[np.float32], *, mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Map `source` monotonically so that its histogram becomes that of `reference`.

    Args:
        source: Source voxels, (X, Y, Z).
        reference: Reference voxels, (X, Y, Z).
        mask: Voxels of both histograms, (X, Y, Z); beyond their ends the mapping is linear up to
            the lowest and the highest voxel of the whole volumes, so background stays dark.
    """
    levels = np.linspace(0, 1, QUANTILE_LEVELS)
    source_quantiles, reference_quantiles = (
        np.concatenate([[voxels.min()], np.quantile(voxels[mask], levels), [voxels.max()]])
        for voxels in (source, reference)
    )
    # A source intensity at several quantile levels maps to the mean of their reference quantiles.
    intensities, indices = np.unique(source_quantiles, return_inverse=True)
    means = np.bincount(indices, weights=reference_quantiles) / np.bincount(indices)
    return np.asarray(np.interp(source, intensities, means), dtype=np.float32)
