"""Which synthesized volume belongs to which reference, source, mask and label map."""

import csv
import io
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crossvox.errors import CohortError
from crossvox.files import write_atomically
from crossvox.scoring.file_index import Found, Shelf, case_names, shelf
from crossvox.scoring.missing_sources import on_missing_sources

PAIRS_FILE = "pairs.csv"
NAMED = ("subject", "name")
FILES = ("synthesized", "reference", "source", "mask", "labels")
NEEDED = (*NAMED, "synthesized", "reference")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Files of one case.

    Attributes:
        subject: The person; cases of one person count once in every statistic.
        name: Unique among the pairs.
        synthesized: What was made.
        reference: What it should be.
        source: What it was made from.
        mask: Nonzero where metrics count; the head of the reference where absent.
        labels: Regions to be measured one by one.
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
    """A case that could not be scored, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """Everything that was found.

    Attributes:
        pairs: At least one.
        failures: Synthesized volumes that cannot be paired.
        unanswered: References of the modality for which nothing was synthesized.
        notes: What was asked for and not found, and why.
    """

    pairs: tuple[Pair, ...]
    failures: tuple[Failure, ...] = ()
    unanswered: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Shelves:
    synthesized: Shelf
    reference: Shelf
    source: Shelf | None
    mask: Shelf | None
    labels: Shelf | None
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
    """Pair volumes by person and session as their names say.

    Each path is a file or a folder that is searched through. BIDS names are matched by subject
    and session ("sub-01_desc-synth_T1w" with "sub-01_T1w"), others by what is left without the
    modality ("anna_T1w" with "anna"), or by their folder where nothing is left.

    Args:
        synthesized: What was made.
        reference: What it should be.
        modality: Of the target; read off each synthesized file's suffix where absent.
        source: What it was made from; with `source_modality` alone, sought beside the reference.
        source_modality: Suffix of the source's files; anything but the target's where absent.
        mask: A mask for every case, or a single one for all.
        labels: Label maps, likewise.

    Raises:
        CohortError: A path is missing or holds no volume, or nothing could be paired.
    """
    if source is None and source_modality is not None and reference.is_dir():
        source = reference
    sources = None if source is None else shelf("source", source, modality=source_modality)
    shelves = _Shelves(
        synthesized=_preferring(shelf("synthesized", synthesized, modality=modality), modality),
        reference=shelf("reference", reference, modality=modality),
        source=_of_source_modality(sources, source_modality),
        mask=None if mask is None else shelf("mask", mask),
        labels=None if labels is None else shelf("label map", labels),
        modality=modality,
    )
    pairs: list[Pair] = []
    failures: list[Failure] = []
    synthesized_volumes = shelves.synthesized.volumes
    for made, name in zip(synthesized_volumes, case_names(synthesized_volumes), strict=True):
        try:
            pairs.append(_pair(made, shelves, name=name))
        except CohortError as error:
            failures.append(Failure(name=made.path.name, reason=str(error)))
    if not pairs:
        raise CohortError(failures[0].reason)
    _refuse_twins(pairs)
    return Pairing(
        pairs=tuple(pairs),
        failures=tuple(failures),
        unanswered=_unanswered(pairs, shelves),
        notes=on_missing_sources(
            [(pair.name, pair.subject, pair.source) for pair in pairs],
            sources,
            modality=source_modality,
            target=modality or synthesized_volumes[0].name.modality,
        ),
    )


def write_pairs(pairs: Sequence[Pair], folder: Path) -> None:
    """Write pairs.csv; paths beneath `folder` are relative to it, so that it can be moved.

    Raises:
        FileError: The folder cannot be written.
    """
    write_atomically(folder / PAIRS_FILE, _as_table(pairs, folder).encode())


def are_written(pairs: Sequence[Pair], folder: Path) -> bool:
    """Whether pairs.csv of `folder` names these pairs, in this order, and no others."""
    path = folder / PAIRS_FILE
    return path.is_file() and path.read_bytes() == _as_table(pairs, folder).encode()


def read_pairs(folder: Path) -> tuple[Pair, ...]:
    """The pairs of a folder in which `write_pairs` wrote.

    Raises:
        CohortError: pairs.csv is missing, empty or damaged, or names files that are gone.
    """
    path = folder / PAIRS_FILE
    if not path.is_file():
        raise CohortError(f"{folder}: no {PAIRS_FILE}; run crossvox evaluate into it first")
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines)
            absent = [name for name in NEEDED if name not in (table.fieldnames or ())]
            rows = list(table)
    except (UnicodeDecodeError, csv.Error) as error:
        raise CohortError(f"{path}: is no CSV in UTF-8 ({error})") from error
    if absent or not rows:
        raise CohortError(f"{path}: lacks {', '.join(absent) or 'rows'}; run crossvox evaluate")
    pairs = [_read_pair(row, path, line) for line, row in enumerate(rows, start=2)]
    _refuse_twins(pairs)
    return tuple(pairs)


def _as_table(pairs: Sequence[Pair], folder: Path) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*NAMED, *FILES))
    for pair in pairs:
        files = (pair.synthesized, pair.reference, pair.source, pair.mask, pair.labels)
        writer.writerow((pair.subject, pair.name, *(_written(file, folder) for file in files)))
    return text.getvalue()


def _written(file: Path | None, folder: Path) -> str:
    if file is None:
        return ""
    # Links stay as they are named: what they lead to may lie anywhere.
    absolute, root = Path(os.path.abspath(file)), Path(os.path.abspath(folder))  # noqa: PTH100
    return str(absolute.relative_to(root) if absolute.is_relative_to(root) else absolute)


def _read_pair(row: dict[str, str | None], path: Path, line: int) -> Pair:
    empty = [name for name in NEEDED if not row.get(name)]
    if empty:
        raise CohortError(f"{path}, line {line}: {', '.join(empty)} is empty")
    files = {name: path.parent / cell for name in FILES if (cell := row.get(name))}
    gone = [str(file) for file in files.values() if not file.exists()]
    if gone:
        raise CohortError(f"{path}, line {line}: no such file: {', '.join(gone)}")
    return Pair(
        subject=str(row["subject"]),
        name=str(row["name"]),
        synthesized=files["synthesized"],
        reference=files["reference"],
        source=files.get("source"),
        mask=files.get("mask"),
        labels=files.get("labels"),
    )


def _preferring(volumes: Shelf, modality: str | None) -> Shelf:
    """Those of the modality where there are any: names of synthesized volumes may show another."""
    narrowed = volumes if modality is None else volumes.of_modality(modality)
    return narrowed if narrowed.volumes else volumes


def _of_source_modality(sources: Shelf | None, modality: str | None) -> Shelf | None:
    if sources is None or modality is None or sources.root.is_file():
        return sources
    return sources.of_modality(modality)


def _pair(made: Found, shelves: _Shelves, *, name: str) -> Pair:
    modality = shelves.modality or made.name.modality
    source = shelves.source
    if source is not None and modality and source.root.is_dir():
        source = source.of_other_modality(modality)
    reference = _references(shelves.reference, modality)
    return Pair(
        subject=made.name.person,
        name=name,
        synthesized=made.path,
        reference=_needed(reference, made, alone=_is_alone(shelves.synthesized)),
        source=_optional(source, made, alone=_is_alone(shelves.synthesized)),
        mask=None if shelves.mask is None else _needed(shelves.mask, made, alone=True),
        labels=_optional(shelves.labels, made, alone=True),
    )


def _references(references: Shelf, modality: str) -> Shelf:
    if not modality or references.root.is_file():
        return references
    return references.of_modality(modality)


def _is_alone(synthesized: Shelf) -> bool:
    return len(synthesized.volumes) == 1


def _optional(partners: Shelf | None, made: Found, *, alone: bool) -> Path | None:
    """The partner; a single file serves whatever its name, where only one is to be served."""
    if partners is None:
        return None
    if partners.root.is_file() and alone:
        return partners.root
    return partners.partner_of(made)


def _needed(partners: Shelf, made: Found, *, alone: bool) -> Path:
    partner = _optional(partners, made, alone=alone)
    if partner is None:
        raise CohortError(
            f"{made.path.name}: no {partners.kind} of {made.name.case} in {partners.root}"
        )
    return partner


def _refuse_twins(pairs: list[Pair]) -> None:
    twins = [name for name, count in Counter(pair.name for pair in pairs).items() if count > 1]
    if twins:
        files = ", ".join(str(pair.synthesized) for pair in pairs if pair.name == twins[0])
        raise CohortError(f"{twins[0]} was synthesized more than once: {files}; keep one of them")


def _unanswered(pairs: list[Pair], shelves: _Shelves) -> tuple[Path, ...]:
    used = {pair.reference for pair in pairs} | {pair.source for pair in pairs}
    modalities = {shelves.modality or made.name.modality for made in shelves.synthesized.volumes}
    return tuple(
        found.path
        for found in shelves.reference.volumes
        if found.path not in used and modalities & {found.name.modality, ""}
    )
