"""The door to cohorts: what a path is decides how it is read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from crossvox.cohort.bids import is_bids, read_bids
from crossvox.cohort.case import Case
from crossvox.cohort.folders import read_folders, single_case
from crossvox.cohort.manifest import MANIFEST_SUFFIXES, read_manifest
from crossvox.errors import CohortError

MOST_NAMED = 5


def read_cohort(root: Path, *, modalities: Sequence[str] | None = None) -> tuple[Case, ...]:
    """The cases below `root`, each with its files; no volume is opened.

    Args:
        root: A manifest (.csv, .tsv, .json), a BIDS root, a folder with one folder for each
            modality, a folder of volumes named after their modality, or one volume.
        modalities: Keep the cases that have all of these, and of each only these files; all
            cases and files where absent.

    Raises:
        CohortError: Nothing is found, no case is complete, or it is unclear which file counts.
    """
    cases = _found(root, modalities=modalities)
    _refuse_same_names(cases, root)
    if modalities is None:
        _refuse_nothing(cases, root)
        return tuple(cases)
    complete = [case for case in cases if set(modalities) <= set(case.images)]
    if not complete:
        raise CohortError(_why_none_is_complete(root, modalities=modalities))
    return tuple(
        replace(case, images={modality: case.images[modality] for modality in modalities})
        for case in complete
    )


def _found(root: Path, *, modalities: Sequence[str] | None) -> list[Case]:
    if root.is_dir():
        if is_bids(root):
            return read_bids(root, modalities=modalities)
        return read_folders(root, modalities=modalities)
    if not root.is_file():
        raise CohortError(f"{root}: there is no such file or folder")
    if root.suffix.lower() in MANIFEST_SUFFIXES:
        return read_manifest(root)
    if modalities is not None and len(modalities) == 1:
        return [single_case(root, modality=modalities[0])]
    raise CohortError(f"{root}: a single file; a cohort of pairs is a folder or a manifest")


def _refuse_same_names(cases: Iterable[Case], root: Path) -> None:
    name, count = next(iter(Counter(case.name for case in cases).most_common(1)), ("", 0))
    if count > 1:
        raise CohortError(
            f"{root}: {count} cases are named {name}; tell them apart by subject and session"
        )


def _refuse_nothing(cases: Sequence[Case], root: Path) -> None:
    if not cases:
        raise CohortError(
            f"{root}: holds no volumes that can be told apart by modality; give a BIDS root, a "
            "manifest, or folders named after the modalities"
        )


def _why_none_is_complete(root: Path, *, modalities: Sequence[str]) -> str:
    cases = _found(root, modalities=None)
    _refuse_nothing(cases, root)
    found = Counter(modality for case in cases for modality in case.images)
    held = ", ".join(f"{modality} ({count})" for modality, count in sorted(found.items()))
    lacks = [
        f"{case.name} lacks {', '.join(m for m in modalities if m not in case.images)}"
        for case in cases[:MOST_NAMED]
    ]
    more = f", and {len(cases) - MOST_NAMED} more" if len(cases) > MOST_NAMED else ""
    return (
        f"{root}: no case has all of {', '.join(modalities)}; found {held or 'nothing'}; "
        f"{'; '.join(lacks)}{more}"
    )
