"""What a method must beat: volumes that anybody could have handed in without learning."""

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
    COPIED: "the source as it is, its numbers read as the target's",
    MATCHED: (
        "the source given the histogram of each person's own reference inside the mask: an"
        " oracle, since it has seen the answer's histogram"
    ),
    MEAN_TARGET: "one and the same volume for everybody: the mean of the training targets",
}
QUANTILES = 1025


def baselines_of(
    loaded: LoadedPair, *, mean_target: Volume | None
) -> dict[str, NDArray[np.float32]]:
    """Voxels of each baseline that this case allows, by name."""
    found: dict[str, NDArray[np.float32]] = {}
    if loaded.source is not None:
        source = loaded.source.voxels
        found[COPIED] = source
        found[MATCHED] = match_histogram(source, loaded.reference.voxels, mask=loaded.mask)
    if mean_target is not None and mean_target.grid.matches(loaded.reference.grid):
        found[MEAN_TARGET] = mean_target.voxels
    return found


def uncovered_of(loaded: LoadedPair) -> dict[str, float]:
    """Share of the mask that the source, and so the baselines made of it, do not cover."""
    if loaded.placed_source is None:
        return {}
    return dict.fromkeys((COPIED, MATCHED), loaded.placed_source.uncovered_share(loaded.mask))


def read_mean_target(path: Path | None) -> Volume | None:
    """The mean training target, where there is one."""
    return None if path is None else read_volume(path)


def match_histogram(
    source: NDArray[np.float32], reference: NDArray[np.float32], *, mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """`source` through the rising curve that gives it the histogram of `reference`.

    Args:
        source: (X, Y, Z).
        reference: (X, Y, Z).
        mask: Where both histograms are taken; beyond their ends the curve runs straight on to
            the lowest and the highest voxel of the whole volumes, so background stays dark.
    """
    levels = np.linspace(0, 1, QUANTILES)
    given, wanted = (
        np.concatenate([[voxels.min()], np.quantile(voxels[mask], levels), [voxels.max()]])
        for voxels in (source, reference)
    )
    # A level that many voxels share has several wanted values: it gets their mean.
    known, places = np.unique(given, return_inverse=True)
    means = np.bincount(places, weights=wanted) / np.bincount(places)
    return np.asarray(np.interp(source, known, means), dtype=np.float32)
