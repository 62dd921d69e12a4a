"""The volumes of one case, brought onto the reference's grid."""

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
from crossvox.volume.foreground import head_of

RANGE_PERCENTILES = (0.1, 99.9)
GIVEN_MASK = "given"
HEAD_MASK = "head of the reference"
UNSAID = "arbitrary"  # unit of a volume whose sidecar names none

Sidecar = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedPair:
    """Everything about one case that metrics need, on the reference's grid.

    Attributes:
        pair: Its files.
        placed: The synthesized volume, and what it covers.
        reference: As it lies in its file.
        placed_source: The source, and what it covers.
        mask: Where metrics count, (X, Y, Z).
        labels: Region numbers, (X, Y, Z).
        mask_origin: Where the mask comes from.
        low: The intensity at which the stated range begins.
        data_range: The stated range.
        partners_moved: Which of source, mask and labels had another grid.
        sidecar: What stands in the JSON file beside the synthesized volume.
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
        """Names of the files that had another grid than the reference."""
        return (*(["synthesized"] if self.placed.moved else []), *self.partners_moved)


@dataclass(frozen=True, kw_only=True, eq=False)
class Together:
    """One case of several methods.

    Attributes:
        loaded: The first method's pair; everything but its volume holds for all methods.
        placed: Each method's volume, on the grid of the reference.
        sidecars: What stands beside each method's volume.
    """

    loaded: LoadedPair
    placed: tuple[Placed, ...]
    sidecars: tuple[Sidecar, ...]

    @property
    def volumes(self) -> tuple[NDArray[np.float32], ...]:
        """Voxels (X, Y, Z) of each method."""
        return tuple(placed.volume.voxels for placed in self.placed)

    @property
    def moved(self) -> tuple[bool, ...]:
        """Whether each method's volume had another grid."""
        return tuple(placed.moved for placed in self.placed)


def load_pair(pair: Pair, *, data_range: float | None = None) -> LoadedPair:
    """Read a pair and bring it onto the reference's grid.

    A volume on another grid is resampled once, linearly (mask and labels: nearest). Voxels of
    the mask that the synthesized volume does not cover stay in the mask.

    Args:
        pair: The files.
        data_range: Stated range; the distance of the 0.1 and 99.9 percentiles of the reference
            inside the mask where absent.

    Raises:
        FileError: A file is damaged.
        GridError: The mask is empty, the reference is constant inside it, or the synthesized
            volume covers none of it.
    """
    return _load([pair], data_range=data_range).loaded


def load_together(pairs: Sequence[Pair], *, data_range: float | None = None) -> Together:
    """One case of several methods on the reference's grid; their order changes no number.

    Args:
        pairs: Of one case, with the same reference and mask.
        data_range: As for `load_pair`.

    Raises:
        FileError: A file is damaged.
        GridError: As for `load_pair`.
        CohortError: Sidecars say different units.
    """
    # Where methods had different sources, the baselines need one that no order decides.
    sources = sorted(pair.source for pair in pairs if pair.source is not None)
    first = replace(pairs[0], source=sources[0] if sources else None, labels=None)
    return _load([first, *pairs[1:]], data_range=data_range)


def _load(pairs: Sequence[Pair], *, data_range: float | None) -> Together:
    pair = pairs[0]
    sidecars = tuple(read_sidecar(each.synthesized) for each in pairs)
    unit = _shared_unit(pairs, sidecars)
    reference = read_volume(pair.reference, unit=unit)
    grid = reference.grid
    placed = tuple(place(read_volume(each.synthesized, unit=unit), grid) for each in pairs)
    source = None if pair.source is None else place(read_volume(pair.source), grid)
    partners_moved = ["source"] if source is not None and source.moved else []
    mask, moved = _mask(pair.mask, reference)
    partners_moved += ["mask"] if moved else []
    labels, moved = (None, False) if pair.labels is None else read_labels_onto(pair.labels, grid)
    partners_moved += ["labels"] if moved else []
    low, own_range = _range_of(reference, mask, pair)
    _refuse_elsewhere(pairs, placed, mask)
    loaded = LoadedPair(
        pair=pair,
        placed=placed[0],
        reference=reference,
        placed_source=source,
        mask=mask,
        labels=labels,
        mask_origin=HEAD_MASK if pair.mask is None else GIVEN_MASK,
        low=low,
        data_range=own_range if data_range is None else data_range,
        partners_moved=tuple(partners_moved),
        sidecar=sidecars[0],
    )
    return Together(loaded=loaded, placed=placed, sidecars=sidecars)


def _shared_unit(pairs: Sequence[Pair], sidecars: Sequence[Sidecar]) -> str:
    """The unit that sidecars name; those that name none do not object."""
    named = {
        str(sidecar["Units"]): pair.synthesized.name
        for pair, sidecar in zip(pairs, sidecars, strict=True)
        if "Units" in sidecar
    }
    if len(named) > 1:
        listed = ", ".join(f"{name} in {unit}" for unit, name in sorted(named.items()))
        raise CohortError(f"{pairs[0].name}: units differ: {listed}; bring them to one unit")
    return next(iter(named), UNSAID)


def _mask(path: Path | None, reference: Volume) -> tuple[NDArray[np.bool_], bool]:
    if path is None:
        return head_of(reference.voxels), False
    return read_mask_onto(path, reference.grid)


def _range_of(reference: Volume, mask: NDArray[np.bool_], pair: Pair) -> tuple[float, float]:
    if not mask.any():
        raise GridError(f"{pair.name}: the mask and the reference have no voxel in common here")
    low, high = np.percentile(reference.voxels[mask], RANGE_PERCENTILES)
    if high <= low:
        raise GridError(f"{pair.name}: the reference is constant inside the mask")
    return float(low), float(high - low)


def _refuse_elsewhere(
    pairs: Sequence[Pair], placed: Sequence[Placed], mask: NDArray[np.bool_]
) -> None:
    for pair, volume in zip(pairs, placed, strict=True):
        if volume.uncovered_share(mask) == 1:
            raise GridError(
                f"{pair.name}: {pair.synthesized.name} covers no voxel of the mask of"
                f" {pair.reference.name}; bring both into one space"
            )
