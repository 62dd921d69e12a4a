"""The volumes of one pair, brought onto the synthesized volume's grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import CohortError, GridError
from crossvox.evaluation.pairs import Pair
from crossvox.files import read_mask, read_sidecar, read_volume
from crossvox.preparation.resampling import resample
from crossvox.volume import Grid, Volume
from crossvox.volume.foreground import head_of

RANGE_PERCENTILES = (0.1, 99.9)
GIVEN_MASK = "given"
HEAD_MASK = "head of the reference"


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedPair:
    """Everything about one case that metrics need.

    Attributes:
        pair: Its files.
        synthesized: As it lies in its file.
        reference: On the synthesized volume's grid.
        source: Likewise.
        mask: Where metrics count, (X, Y, Z).
        labels: Region numbers, (X, Y, Z).
        mask_origin: Where the mask comes from.
        low: The intensity at which the stated range begins.
        data_range: The stated range.
        resampled: Which files had another grid.
        sidecar: What stands in the JSON file beside the synthesized volume.
    """

    pair: Pair
    synthesized: Volume
    reference: Volume
    source: Volume | None
    mask: NDArray[np.bool_]
    labels: NDArray[np.int64] | None
    mask_origin: str
    low: float
    data_range: float
    resampled: tuple[str, ...]
    sidecar: dict[str, object]

    @property
    def unit(self) -> str:
        """Of the synthesized volume and its reference."""
        return self.synthesized.unit


@dataclass(frozen=True, kw_only=True, eq=False)
class Together:
    """One case of several methods.

    Attributes:
        loaded: The first method's pair.
        volumes: (X, Y, Z) of each method, on the grid of the pair.
        moved: Whether a method's volume had another grid.
    """

    loaded: LoadedPair
    volumes: tuple[NDArray[np.float32], ...]
    moved: tuple[bool, ...]


def load_pair(pair: Pair, *, data_range: float | None = None) -> LoadedPair:
    """Read a pair and bring it onto one grid.

    Where a grid differs from the synthesized volume's, the volume is resampled once, linearly
    (mask and labels: nearest). Voxels the reference does not cover leave the mask.

    Args:
        pair: The files.
        data_range: Stated range; the distance of the 0.1 and 99.9 percentiles of the reference
            inside the mask where absent.

    Raises:
        FileError: A file is damaged.
        GridError: The mask is empty on this grid, or the reference is constant inside it.
    """
    sidecar = read_sidecar(pair.synthesized)
    unit = str(sidecar.get("Units", "arbitrary"))
    synthesized = read_volume(pair.synthesized, unit=unit)
    reference, covered, moved = _onto(read_volume(pair.reference, unit=unit), synthesized.grid)
    resampled = ["reference"] if moved else []
    source = None
    if pair.source is not None:
        source, _, moved = _onto(read_volume(pair.source), synthesized.grid)
        resampled += ["source"] if moved else []
    mask, moved = _mask(pair.mask, reference)
    resampled += ["mask"] if moved else []
    labels, moved = _labels(pair.labels, synthesized.grid)
    resampled += ["labels"] if moved else []
    mask &= covered
    low, found_range = _range_of(reference, mask, pair)
    return LoadedPair(
        pair=pair,
        synthesized=synthesized,
        reference=reference,
        source=source,
        mask=mask,
        labels=labels,
        mask_origin=HEAD_MASK if pair.mask is None else GIVEN_MASK,
        low=low,
        data_range=found_range if data_range is None else data_range,
        resampled=tuple(resampled),
        sidecar=sidecar,
    )


def load_together(pairs: Sequence[Pair], *, data_range: float | None = None) -> Together:
    """One case of several methods on the grid of the first one's volume.

    What another volume does not cover gets its lowest intensity; the mask stays as it is, so that
    all are scored at the same voxels.

    Args:
        pairs: Of one case, with the same reference and mask.
        data_range: As for `load_pair`.

    Raises:
        FileError: A file is damaged.
        GridError: As for `load_pair`.
        CohortError: Sidecars say other units.
    """
    sources = [pair.source for pair in pairs if pair.source is not None]
    first = replace(pairs[0], source=sources[0] if sources else None, labels=None)
    loaded = load_pair(first, data_range=data_range)
    volumes, moved = [loaded.synthesized.voxels], [False]
    for pair in pairs[1:]:
        _refuse_other_unit(pair, loaded)
        volume = read_volume(pair.synthesized, unit=loaded.unit)
        volume, _, resampled = _onto(volume, loaded.synthesized.grid)
        volumes.append(volume.voxels)
        moved.append(resampled)
    return Together(loaded=loaded, volumes=tuple(volumes), moved=tuple(moved))


def _refuse_other_unit(pair: Pair, loaded: LoadedPair) -> None:
    unit = read_sidecar(pair.synthesized).get("Units", loaded.unit)
    if unit != loaded.unit:
        raise CohortError(
            f"{pair.name}: {pair.synthesized.name} is in {unit}, {loaded.pair.synthesized.name} in"
            f" {loaded.unit}; bring them to one unit"
        )


def _onto(volume: Volume, grid: Grid) -> tuple[Volume, NDArray[np.bool_], bool]:
    """`volume` on `grid`, which voxels it covers, and whether it had to be resampled."""
    if volume.grid.matches(grid):
        return volume, np.ones(grid.shape, dtype=bool), False
    moved = resample(volume, grid, outside=float("nan"))
    covered = np.isfinite(moved.voxels)
    filled = np.where(covered, moved.voxels, volume.voxels.min())
    return moved.with_voxels(filled.astype(np.float32)), covered, True


def _mask(path: Path | None, reference: Volume) -> tuple[NDArray[np.bool_], bool]:
    if path is None:
        return head_of(reference.voxels), False
    mask = read_mask(path)
    moved = not mask.grid.matches(reference.grid)
    if moved:
        mask = resample(mask, reference.grid, interpolation="nearest", outside=0.0)
    return np.array(mask.voxels > 0), moved


def _labels(path: Path | None, grid: Grid) -> tuple[NDArray[np.int64] | None, bool]:
    if path is None:
        return None, False
    labels = read_volume(path)
    moved = not labels.grid.matches(grid)
    if moved:
        labels = resample(labels, grid, interpolation="nearest", outside=0.0)
    return np.rint(labels.voxels).astype(np.int64), moved


def _range_of(reference: Volume, mask: NDArray[np.bool_], pair: Pair) -> tuple[float, float]:
    if not mask.any():
        raise GridError(f"{pair.name}: the mask and the reference have no voxel in common here")
    low, high = np.percentile(reference.voxels[mask], RANGE_PERCENTILES)
    if high <= low:
        raise GridError(f"{pair.name}: the reference is constant inside the mask")
    return float(low), float(high - low)
