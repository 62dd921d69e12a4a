"""The door to cohorts: what a path is decides how it is read."""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from crossvox.cohort.bids import is_bids, read_bids
from crossvox.cohort.case import Case
from crossvox.cohort.folders import read_folders, single_case
from crossvox.cohort.layout import Found
from crossvox.cohort.manifest import MANIFEST_SUFFIXES, read_manifest
from crossvox.cohort.names import canonical_modality, nearest_spelling, spelling_among
from crossvox.errors import CohortError, CohortWarning
from crossvox.files import is_synthetic

MOST_NAMED = 5
Synthesized = Literal["left out", "taken"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The cases of a cohort, and what was not taken.

    Attributes:
        cases: Each with all wanted modalities, under the names that the cohort gives them.
        modalities: Wanted modalities as the cohort spells them.
        left_out: Why each case that is not among `cases` is left out ("lacks T1w"), by name.
        notes: What was understood otherwise than written or passed over, a sentence each.
    """

    cases: tuple[Case, ...]
    modalities: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes, and a line on the cases left out, if any, that names the first."""
        count, total = len(self.left_out), len(self.left_out) + len(self.cases)
        if not count:
            return self.notes
        verb = "is" if count == 1 else "are"
        return (
            *self.notes,
            f"{count} of {total} cases {verb} left out: {_listed(self.left_out)}",
        )


def read_cohort(root: Path, *, modalities: Sequence[str] | None = None) -> tuple[Case, ...]:
    """The cases below `root`, each with its files, and a warning about those left out.

    Modalities are matched as in `survey_cohort`; the images of the cases have the names that were
    asked for.

    Raises:
        CohortError: Nothing is found, no case is complete, or it is unclear which file counts.
    """
    reading = survey_cohort(root, modalities=modalities)
    for remark in reading.remarks:
        warnings.warn(remark, CohortWarning, stacklevel=2)
    if modalities is None:
        return reading.cases
    return tuple(
        replace(case, images=dict(zip(modalities, case.images.values(), strict=True)))
        for case in reading.cases
    )


def survey_cohort(
    root: Path,
    *,
    modalities: Sequence[str] | None = None,
    synthesized: Synthesized = "left out",
) -> Reading:
    """The cases below `root`, and which are left out and why; no voxels are read.

    A modality that no case has by its exact name is taken for the only one that means the same in
    other letters ("flair", "ct").

    Args:
        root: A manifest (.csv, .tsv, .json), a BIDS root, a folder with one folder for each
            modality, a folder of volumes named after their modality, or one volume.
        modalities: Keep the cases that have all of these, and of each only these files; all
            cases and files where absent.
        synthesized: Whether volumes that carry our notice count as images.

    Raises:
        CohortError: Nothing is found, no case is complete, or it is unclear which file counts.
    """
    found = _found(root, modalities=modalities)
    spelled = _spelled(modalities, found.modalities)
    if spelled != modalities:
        found = _found(root, modalities=spelled)
    _refuse_same_names(found.cases, root)
    notes = [*_renamed(modalities, spelled), *_about_masks(found.unused_masks)]
    cases = found.cases
    if synthesized == "left out":
        cases = [_without_synthesized(case) for case in cases]
    if spelled is None:
        dropped = _synthesized_files(found.cases, cases)
        return _everything(cases, root, notes=[*notes, *_about_synthesized(dropped)])
    complete = tuple(
        replace(case, images={modality: case.images[modality] for modality in spelled})
        for case in cases
        if set(spelled) <= set(case.images)
    )
    taken = {case.name for case in complete}
    left_out = {
        case.name: _why(case, found, spelled) for case in found.cases if case.name not in taken
    }
    if not complete:
        raise CohortError(_why_none(root, found, spelled, left_out))
    return Reading(cases=complete, modalities=tuple(spelled), left_out=left_out, notes=tuple(notes))


def _found(root: Path, *, modalities: Sequence[str] | None) -> Found:
    if root.is_dir():
        if is_bids(root):
            return read_bids(root, modalities=modalities)
        return read_folders(root, modalities=modalities)
    if not root.is_file():
        raise CohortError(f"{root}: there is no such file or folder")
    if root.suffix.lower() in MANIFEST_SUFFIXES:
        return read_manifest(root)
    if modalities is not None and len(modalities) == 1:
        case = single_case(root, modality=modalities[0])
        return Found(cases=[case], held={case.name: frozenset(modalities)})
    raise CohortError(f"{root}: a single file; a cohort of pairs is a folder or a manifest")


def _spelled(modalities: Sequence[str] | None, held: Counter[str]) -> Sequence[str] | None:
    if modalities is None:
        return None
    return [spelling_among(held, name) or name for name in modalities]


def _renamed(asked: Sequence[str] | None, spelled: Sequence[str] | None) -> list[str]:
    return [
        f"no modality {name.strip()} here; {other} is taken"
        for name, other in zip(asked or (), spelled or (), strict=True)
        if name.strip() != other
    ]


def _about_masks(unused: Sequence[Path]) -> list[str]:
    if not unused:
        return []
    masks = "1 mask is" if len(unused) == 1 else f"{len(unused)} masks are"
    return [
        f"{masks} not used, such as {unused[0].name}: only a desc-brain or desc-head mask, or one"
        " with neither desc nor label, restricts losses and scores"
    ]


def _about_synthesized(files: Sequence[Path]) -> list[str]:
    if not files:
        return []
    volumes = (
        "1 synthesized volume is" if len(files) == 1 else f"{len(files)} synthesized volumes are"
    )
    return [f"{volumes} left out, such as {files[0].name}"]


def _refuse_same_names(cases: Iterable[Case], root: Path) -> None:
    name, count = next(iter(Counter(case.name for case in cases).most_common(1)), ("", 0))
    if count > 1:
        raise CohortError(
            f"{root}: {count} cases are named {name}; tell them apart by subject and session"
        )


def _without_synthesized(case: Case) -> Case:
    real = {name: file for name, file in case.images.items() if not is_synthetic(file)}
    return replace(case, images=real)


def _synthesized_files(before: Iterable[Case], after: Iterable[Case]) -> list[Path]:
    return [
        file
        for case, rest in zip(before, after, strict=True)
        for name, file in case.images.items()
        if name not in rest.images
    ]


def _everything(cases: Iterable[Case], root: Path, *, notes: Sequence[str]) -> Reading:
    imaged = tuple(case for case in cases if case.images)
    if not imaged:
        raise CohortError(_why_nothing(root))
    return Reading(cases=imaged, notes=tuple(notes))


def _why_nothing(root: Path) -> str:
    return (
        f"{root}: holds no volumes that can be told apart by modality; give a BIDS root, a "
        "manifest, or folders named after the modalities"
    )


def _why(case: Case, found: Found, modalities: Sequence[str]) -> str:
    """Why `case`, as it was found, is left out."""
    lacks = [name for name in modalities if name not in case.images]
    if not lacks:
        synthesized = [name for name in modalities if is_synthetic(case.images[name])]
        return f"has only a synthesized {', '.join(synthesized)}"
    alike = [
        held
        for held in sorted(found.held[case.name])
        for name in lacks
        if canonical_modality(held).lower() == canonical_modality(name).lower()
    ]
    return f"lacks {', '.join(lacks)}" + (f" (has {', '.join(alike)}?)" if alike else "")


def _why_none(
    root: Path, found: Found, modalities: Sequence[str], left_out: Mapping[str, str]
) -> str:
    if not found.modalities:
        return _why_nothing(root)
    unknown = next((name for name in modalities if name not in found.modalities), None)
    near = nearest_spelling(found.modalities, unknown) if unknown else None
    hint = f"no modality {unknown}; did you mean {near}? " if near else ""
    held = ", ".join(f"{name} ({count})" for name, count in sorted(found.modalities.items()))
    return (
        f"{root}: {hint}no case has all of {', '.join(modalities)}; found {held}; "
        f"{_listed(left_out)}"
    )


def _listed(left_out: Mapping[str, str]) -> str:
    named = "; ".join(f"{name} {why}" for name, why in [*left_out.items()][:MOST_NAMED])
    unnamed = len(left_out) - MOST_NAMED
    return f"{named}, and {unnamed} more" if unnamed > 0 else named
