"""Load the volumes of one case onto the grid of the reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import CohortError, GridError
from crossvox.files import read_sidecar, read_volume
from crossvox.scoring.pairs import Pair
from crossvox.scoring.placement import Placed, place, read_labels_onto, read_mask_onto
from crossvox.volume import Volume
from crossvox.volume.foreground import head_mask

RANGE_PERCENTILES = (0.1, 99.9)
GIVEN_MASK = "given"
HEAD_MASK = "head of the reference"
DEFAULT_UNIT = "arbitrary"  # of a volume whose sidecar states no unit

Sidecar = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedPair:
    """Input of the metrics for one case, on the grid of the reference.

    Attributes:
        pair: Files of the case.
        placed: Synthesized volume and its coverage.
        reference: Reference volume on its own grid.
        placed_source: Source volume and its coverage; None without a source.
        mask: Voxels in which metrics are computed, (X, Y, Z).
        labels: Region numbers, (X, Y, Z); None without a label map.
        mask_origin: Origin of the mask, in words.
        low: Lower end of the stated range, in the unit of the reference.
        data_range: Stated range, in the unit of the reference.
        partners_moved: Names of the files among source, mask and labels on another grid.
        sidecar: Contents of the JSON file beside the synthesized volume.
    """

    pair: Pair
    placed: Placed
    reference: Volume
    placed_source: Placed | None
    mask: NDArray[np.bool_]
    labels: NDArray[np.int64] | None
    mask_origin: str
    low: float
    data_range: float
    partners_moved: tuple[str, ...]
    sidecar: Sidecar

    @property
    def unit(self) -> str:
        """Unit of the synthesized volume and its reference."""
        return self.reference.unit

    @property
    def synthesized(self) -> Volume:
        """The synthesized volume on the reference's grid."""
        return self.placed.volume

    @property
    def source(self) -> Volume | None:
        """The source on the reference's grid."""
        return None if self.placed_source is None else self.placed_source.volume

    @property
    def resampled(self) -> tuple[str, ...]:
        """Names of the files whose grid differed from that of the reference."""
        return (*(["synthesized"] if self.placed.moved else []), *self.partners_moved)


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedCase:
    """One case with the volumes of several methods.

    Attributes:
        loaded: Pair of the first method; all but its synthesized volume applies to all methods.
        placed: Volume of each method, on the grid of the reference.
        sidecars: Contents of the JSON file beside each method's volume.
    """

    loaded: LoadedPair
    placed: tuple[Placed, ...]
    sidecars: tuple[Sidecar, ...]

    @property
    def volumes(self) -> tuple[NDArray[np.float32], ...]:
        """Voxels of each method's volume, (X, Y, Z)."""
        return tuple(placed.volume.voxels for placed in self.placed)

    @property
    def moved(self) -> tuple[bool, ...]:
        """Whether each method's volume was on another grid."""
        return tuple(placed.moved for placed in self.placed)


def load_pair(pair: Pair, *, data_range: float | None = None) -> LoadedPair:
    """Read a pair and bring it onto the grid of the reference.

    A volume on another grid is resampled once, linearly (mask and labels: nearest neighbor).
    Voxels of the mask that the synthesized volume does not cover stay in the mask.

    Args:
        pair: Files of the case.
        data_range: Stated range; by default the difference between the 99.9 and 0.1 percentiles
            of the reference inside the mask.

    Raises:
        FileError: A file is damaged.
        GridError: The mask is empty, the reference is constant inside it, or the synthesized
            volume covers none of it.
    """
    return _load([pair], data_range=data_range).loaded


def load_case(pairs: Sequence[Pair], *, data_range: float | None = None) -> LoadedCase:
    """Read one case of several methods onto the grid of the reference, in any order of methods.

    Args:
        pairs: Pairs of one case, one per method, with the same reference and mask.
        data_range: Stated range; the default is that of `load_pair`.

    Raises:
        FileError: A file is damaged.
        GridError: The mask is empty, the reference is constant inside it, or a synthesized volume
            covers none of it.
        CohortError: Sidecars state different units.
    """
    # Methods may have different sources: sorting picks the baselines' source whatever the order.
    sources = sorted(pair.source for pair in pairs if pair.source is not None)
    first = replace(pairs[0], source=sources[0] if sources else None, labels=None)
    return _load([first, *pairs[1:]], data_range=data_range)


def _load(pairs: Sequence[Pair], *, data_range: float | None) -> LoadedCase:
    first = pairs[0]
    sidecars = tuple(read_sidecar(pair.synthesized) for pair in pairs)
    unit = _shared_unit(pairs, sidecars)
    reference = read_volume(first.reference, unit=unit)
    grid = reference.grid
    placed = tuple(place(read_volume(pair.synthesized, unit=unit), grid) for pair in pairs)
    source = None if first.source is None else place(read_volume(first.source), grid)
    partners_moved = ["source"] if source is not None and source.moved else []
    mask, moved = _mask(first.mask, reference)
    partners_moved += ["mask"] if moved else []
    labels, moved = (None, False) if first.labels is None else read_labels_onto(first.labels, grid)
    partners_moved += ["labels"] if moved else []
    low, own_range = _range_of(reference, mask, first)
    _refuse_uncovered(pairs, placed, mask)
    loaded = LoadedPair(
        pair=first,
        placed=placed[0],
        reference=reference,
        placed_source=source,
        mask=mask,
        labels=labels,
        mask_origin=HEAD_MASK if first.mask is None else GIVEN_MASK,
        low=low,
        data_range=own_range if data_range is None else data_range,
        partners_moved=tuple(partners_moved),
        sidecar=sidecars[0],
    )
    return LoadedCase(loaded=loaded, placed=placed, sidecars=sidecars)


def _shared_unit(pairs: Sequence[Pair], sidecars: Sequence[Sidecar]) -> str:
    """Unit that the sidecars state; sidecars without a unit are ignored."""
    named = {
        str(sidecar["Units"]): pair.synthesized.name
        for pair, sidecar in zip(pairs, sidecars, strict=True)
        if "Units" in sidecar
    }
    if len(named) > 1:
        listed = ", ".join(f"{name} in {unit}" for unit, name in sorted(named.items()))
        raise CohortError(
            f"{pairs[0].name}: units differ: {listed}; convert all volumes to one unit"
        )
    return next(iter(named), DEFAULT_UNIT)


def _mask(path: Path | None, reference: Volume) -> tuple[NDArray[np.bool_], bool]:
    if path is None:
        return head_mask(reference.voxels), False
    return read_mask_onto(path, reference.grid)


def _range_of(reference: Volume, mask: NDArray[np.bool_], pair: Pair) -> tuple[float, float]:
    if not mask.any():
        raise GridError(
            f"{pair.name}: the mask and the reference have no voxel in common; check that both are"
            " in the same space"
        )
    low, high = np.percentile(reference.voxels[mask], RANGE_PERCENTILES)
    if high <= low:
        raise GridError(f"{pair.name}: the reference is constant inside the mask; check both files")
    return float(low), float(high - low)


def _refuse_uncovered(
    pairs: Sequence[Pair], placed: Sequence[Placed], mask: NDArray[np.bool_]
) -> None:
    for pair, volume in zip(pairs, placed, strict=True):
        if volume.uncovered_share(mask) == 1:
            raise GridError(
                f"{pair.name}: {pair.synthesized.name} covers no voxel of the mask of"
                f" {pair.reference.name}; align both volumes first"
            )
