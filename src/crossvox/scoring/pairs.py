"""Pair synthesized volumes with their references, sources, masks and label maps."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossvox.errors import CohortError
from crossvox.files import write_atomically
from crossvox.files.tables import csv_text, read_csv
from crossvox.scoring.file_index import IndexedVolume, VolumeIndex, case_names, index_volumes
from crossvox.scoring.missing_sources import on_missing_sources

PAIRS_FILE = "pairs.csv"
ID_COLUMNS = ("subject", "name")
FILE_COLUMNS = ("synthesized", "reference", "source", "mask", "labels")
REQUIRED_COLUMNS = (*ID_COLUMNS, "synthesized", "reference")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Files of one case.

    Attributes:
        subject: Identifier of the person; all cases of a person count once in every statistic.
        name: Name of the case, unique among the pairs.
        synthesized: Path of the synthesized volume.
        reference: Path of the real target volume.
        source: Path of the volume that it was synthesized from.
        mask: Path of the mask, nonzero where metrics are computed; None for the reference's head.
        labels: Path of a label map of regions to score separately.
    """

    subject: str
    name: str
    synthesized: Path
    reference: Path
    source: Path | None = None
    mask: Path | None = None
    labels: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A case that was not scored, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """Complete pairs, and files without a partner.

    Attributes:
        pairs: Complete pairs, at least one.
        failures: Synthesized volumes without a partner, with the reason.
        unmatched: Paths of references of the modality without a synthesized volume.
        notes: Sentences on sources that were requested but not found.
    """

    pairs: tuple[Pair, ...]
    failures: tuple[Failure, ...] = ()
    unmatched: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Indexes:
    synthesized: VolumeIndex
    reference: VolumeIndex
    source: VolumeIndex | None
    mask: VolumeIndex | None
    labels: VolumeIndex | None
    modality: str | None


def find_pairs(
    synthesized: Path,
    reference: Path,
    *,
    modality: str | None = None,
    source: Path | None = None,
    source_modality: str | None = None,
    mask: Path | None = None,
    labels: Path | None = None,
) -> Pairing:
    """Pair volumes by the person and session in their file names.

    Each path is a file, or a folder that is searched recursively. BIDS names are matched by
    subject and session ("sub-01_desc-synth_T1w" with "sub-01_T1w"), other names by the part
    before the modality ("anna_T1w" with "anna"), or by their folder if no part remains.

    Args:
        synthesized: Path of the synthesized volumes.
        reference: Path of the real target volumes.
        modality: Target modality; by default the suffix of each synthesized file.
        source: Path of the source volumes; default is `reference` if `source_modality` is given.
        source_modality: Suffix of the sources; by default any suffix other than the target's.
        mask: Path of a mask for each case, or of one mask for all cases.
        labels: Path of a label map for each case, or of one label map for all cases.

    Raises:
        CohortError: A path is missing or contains no volume, or nothing could be paired.
    """
    if source is None and source_modality is not None and reference.is_dir():
        source = reference
    sources = None if source is None else index_volumes("source", source, modality=source_modality)
    ours = index_volumes("synthesized", synthesized, modality=modality)
    indexes = _Indexes(
        synthesized=_preferring(ours, modality),
        reference=index_volumes("reference", reference, modality=modality),
        source=_of_source_modality(sources, source_modality),
        mask=None if mask is None else index_volumes("mask", mask),
        labels=None if labels is None else index_volumes("label map", labels),
        modality=modality,
    )
    pairs: list[Pair] = []
    failures: list[Failure] = []
    synthesized_volumes = indexes.synthesized.volumes
    for volume, name in zip(synthesized_volumes, case_names(synthesized_volumes), strict=True):
        try:
            pairs.append(_pair(volume, indexes, name=name))
        except CohortError as error:
            failures.append(Failure(name=volume.path.name, reason=str(error)))
    if not pairs:
        raise CohortError(failures[0].reason)
    _refuse_duplicates(pairs)
    return Pairing(
        pairs=tuple(pairs),
        failures=tuple(failures),
        unmatched=_unanswered(pairs, indexes),
        notes=on_missing_sources(
            [(pair.name, pair.subject, pair.source) for pair in pairs],
            sources,
            modality=source_modality,
            target=modality or synthesized_volumes[0].name.modality,
        ),
    )


def write_pairs(pairs: Sequence[Pair], folder: Path) -> None:
    """Write pairs.csv; paths below `folder` are relative to it, so that it can be moved.

    Raises:
        FileError: The folder cannot be written.
    """
    write_atomically(folder / PAIRS_FILE, _as_table(pairs, folder).encode())


def are_written(pairs: Sequence[Pair], folder: Path) -> bool:
    """Whether pairs.csv of `folder` lists exactly these pairs in this order."""
    path = folder / PAIRS_FILE
    return path.is_file() and path.read_bytes() == _as_table(pairs, folder).encode()


def read_pairs(folder: Path) -> tuple[Pair, ...]:
    """Read the pairs that `write_pairs` wrote into a folder.

    Raises:
        CohortError: pairs.csv is missing or incomplete, or lists files that do not exist.
        FileError: pairs.csv is not CSV in UTF-8.
    """
    path = folder / PAIRS_FILE
    if not path.is_file():
        raise CohortError(
            f"{folder}: no {PAIRS_FILE}; run crossvox evaluate with this output folder first"
        )
    rows = read_csv(path)
    absent = [name for name in REQUIRED_COLUMNS if rows and name not in rows[0]]
    if absent or not rows:
        raise CohortError(
            f"{path} lacks {', '.join(absent) or 'rows'}; run crossvox evaluate again"
        )
    pairs = [_read_pair(row, path, line) for line, row in enumerate(rows, start=2)]
    _refuse_duplicates(pairs)
    return tuple(pairs)


def _as_table(pairs: Sequence[Pair], folder: Path) -> str:
    def row(pair: Pair) -> tuple[str, ...]:
        files = (pair.synthesized, pair.reference, pair.source, pair.mask, pair.labels)
        return (pair.subject, pair.name, *(_written(file, folder) for file in files))

    return csv_text((*ID_COLUMNS, *FILE_COLUMNS), map(row, pairs))


def _written(file: Path | None, folder: Path) -> str:
    if file is None:
        return ""
    # Symbolic links are not resolved: their targets may lie outside the folder.
    absolute, root = Path(os.path.abspath(file)), Path(os.path.abspath(folder))  # noqa: PTH100
    return str(absolute.relative_to(root) if absolute.is_relative_to(root) else absolute)


def _read_pair(row: Mapping[str, str], path: Path, line: int) -> Pair:
    empty = [name for name in REQUIRED_COLUMNS if not row.get(name)]
    if empty:
        raise CohortError(f"{path}, line {line}: {', '.join(empty)} is empty; fill it in")
    files = {name: path.parent / cell for name in FILE_COLUMNS if (cell := row.get(name))}
    missing = [str(file) for file in files.values() if not file.exists()]
    if missing:
        raise CohortError(f"{path}, line {line}: no such file: {', '.join(missing)}")
    return Pair(
        subject=row["subject"],
        name=row["name"],
        synthesized=files["synthesized"],
        reference=files["reference"],
        source=files.get("source"),
        mask=files.get("mask"),
        labels=files.get("labels"),
    )


def _preferring(volumes: VolumeIndex, modality: str | None) -> VolumeIndex:
    """Volumes of the modality, or all: the names of synthesized volumes may lack the modality."""
    narrowed = volumes if modality is None else volumes.of_modality(modality)
    return narrowed if narrowed.volumes else volumes


def _of_source_modality(sources: VolumeIndex | None, modality: str | None) -> VolumeIndex | None:
    if sources is None or modality is None or sources.root.is_file():
        return sources
    return sources.of_modality(modality)


def _pair(volume: IndexedVolume, indexes: _Indexes, *, name: str) -> Pair:
    modality = indexes.modality or volume.name.modality
    source = indexes.source
    if source is not None and modality and source.root.is_dir():
        source = source.of_other_modality(modality)
    reference = _references(indexes.reference, modality)
    return Pair(
        subject=volume.name.person,
        name=name,
        synthesized=volume.path,
        reference=_needed(reference, volume, alone=_is_alone(indexes.synthesized)),
        source=_optional(source, volume, alone=_is_alone(indexes.synthesized)),
        mask=None if indexes.mask is None else _needed(indexes.mask, volume, alone=True),
        labels=_optional(indexes.labels, volume, alone=True),
    )


def _references(references: VolumeIndex, modality: str) -> VolumeIndex:
    if not modality or references.root.is_file():
        return references
    return references.of_modality(modality)


def _is_alone(synthesized: VolumeIndex) -> bool:
    return len(synthesized.volumes) == 1


def _optional(partners: VolumeIndex | None, volume: IndexedVolume, *, alone: bool) -> Path | None:
    """Path of the partner; a single file matches regardless of its name if `alone`."""
    if partners is None:
        return None
    if partners.root.is_file() and alone:
        return partners.root
    return partners.partner_of(volume)


def _needed(partners: VolumeIndex, volume: IndexedVolume, *, alone: bool) -> Path:
    partner = _optional(partners, volume, alone=alone)
    if partner is None:
        raise CohortError(
            f"{volume.path.name}: no {partners.kind} of {volume.name.case} in {partners.root};"
            " names are matched by person and session"
        )
    return partner


def _refuse_duplicates(pairs: list[Pair]) -> None:
    duplicates = [name for name, count in Counter(pair.name for pair in pairs).items() if count > 1]
    if duplicates:
        files = ", ".join(str(pair.synthesized) for pair in pairs if pair.name == duplicates[0])
        raise CohortError(
            f"{duplicates[0]} was synthesized more than once: {files}; keep one of them"
        )


def _unanswered(pairs: list[Pair], indexes: _Indexes) -> tuple[Path, ...]:
    used = {pair.reference for pair in pairs} | {pair.source for pair in pairs}
    synthesized = indexes.synthesized.volumes
    modalities = {indexes.modality or volume.name.modality for volume in synthesized}
    return tuple(
        volume.path
        for volume in indexes.reference.volumes
        if volume.path not in used and modalities & {volume.name.modality, ""}
    )
