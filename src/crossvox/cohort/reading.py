"""Reading a cohort from a path with the reader that fits its layout."""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from crossvox.cohort.bids import is_bids, read_bids
from crossvox.cohort.case import Case
from crossvox.cohort.folders import read_folders, single_case
from crossvox.cohort.layout import CohortLayout
from crossvox.cohort.manifest import MANIFEST_SUFFIXES, read_manifest
from crossvox.cohort.names import canonical_modality, nearest_spelling, spelling_among
from crossvox.errors import CohortError, CohortWarning
from crossvox.files import is_synthetic

MOST_NAMED = 5  # left-out cases listed in a message
Synthesized = Literal["left out", "taken"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Complete cases of a cohort, and what was left out.

    Attributes:
        cases: Cases with all requested modalities, in the cohort's spelling.
        modalities: Requested modalities in the cohort's spelling.
        left_out: Reason why a case is left out ("lacks T1w"), by case name.
        notes: Sentences about modalities matched by another spelling and about ignored files.
    """

    cases: tuple[Case, ...]
    modalities: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes, and a sentence that counts and lists cases left out, if there are any."""
        count, total = len(self.left_out), len(self.left_out) + len(self.cases)
        if not count:
            return self.notes
        verb = "is" if count == 1 else "are"
        return (
            *self.notes,
            f"{count} of {total} cases {verb} left out: {_listed(self.left_out)}",
        )


def read_cohort(root: Path, *, modalities: Sequence[str] | None = None) -> tuple[Case, ...]:
    """Read the complete cases below `root`, with a warning about cases left out.

    Modalities are matched as in `survey_cohort`, but the cases' images keep the requested names.

    Raises:
        CohortError: There are no volumes, no case is complete, or the file to use is ambiguous.
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
    """Find the complete cases below `root`, and why others are left out, without reading voxels.

    A modality that no case has under its exact name matches another spelling of it ("flair", "ct")
    if there is only one such spelling.

    Args:
        root: A manifest (.csv, .tsv, .json), a BIDS root, a folder with one folder per modality,
            a folder of volumes named after their modality, or one volume.
        modalities: Modalities that each case must have; other files are dropped. None keeps all
            cases and files.
        synthesized: Whether volumes marked as synthesized by crossvox count as images.

    Raises:
        CohortError: There are no volumes, no case is complete, or the file to use is ambiguous.
    """
    layout = _read_layout(root, modalities=modalities)
    spelled = _spelled(modalities, layout.modalities)
    if spelled != modalities:
        layout = _read_layout(root, modalities=spelled)
    _refuse_same_names(layout.cases, root)
    notes = [*_spelling_notes(modalities, spelled), *_mask_notes(layout.unused_masks)]
    cases = layout.cases
    if synthesized == "left out":
        cases = [_without_synthesized(case) for case in cases]
    if spelled is None:
        dropped = _synthesized_files(layout.cases, cases)
        return _all_images(cases, root, notes=[*notes, *_synthesized_notes(dropped)])
    complete = tuple(
        replace(case, images={modality: case.images[modality] for modality in spelled})
        for case in cases
        if set(spelled) <= set(case.images)
    )
    complete_names = {case.name for case in complete}
    left_out = {
        case.name: _reason_left_out(case, layout, spelled)
        for case in layout.cases
        if case.name not in complete_names
    }
    if not complete:
        raise CohortError(_no_complete_case(root, layout, spelled, left_out))
    return Reading(cases=complete, modalities=tuple(spelled), left_out=left_out, notes=tuple(notes))


def _read_layout(root: Path, *, modalities: Sequence[str] | None) -> CohortLayout:
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
        return CohortLayout(cases=[case], held={case.name: frozenset(modalities)})
    raise CohortError(f"{root}: a single file; for a cohort of pairs, give a folder or a manifest")


def _spelled(modalities: Sequence[str] | None, held: Counter[str]) -> Sequence[str] | None:
    if modalities is None:
        return None
    return [spelling_among(held, name) or name for name in modalities]


def _spelling_notes(requested: Sequence[str] | None, spelled: Sequence[str] | None) -> list[str]:
    return [
        f"no modality {name.strip()} here; using {other}"
        for name, other in zip(requested or (), spelled or (), strict=True)
        if name.strip() != other
    ]


def _mask_notes(unused: Sequence[Path]) -> list[str]:
    if not unused:
        return []
    masks = "1 mask is" if len(unused) == 1 else f"{len(unused)} masks are"
    return [
        f"{masks} not used, such as {unused[0].name}: only a desc-brain or desc-head mask, or a"
        " mask with neither desc nor label, restricts losses and scores"
    ]


def _synthesized_notes(files: Sequence[Path]) -> list[str]:
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
            f"{root}: {count} cases are named {name}; give each its own subject or session"
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


def _all_images(cases: Iterable[Case], root: Path, *, notes: Sequence[str]) -> Reading:
    nonempty = tuple(case for case in cases if case.images)
    if not nonempty:
        raise CohortError(_no_volumes(root))
    return Reading(cases=nonempty, notes=tuple(notes))


def _no_volumes(root: Path) -> str:
    return (
        f"{root}: holds no volumes whose modality is known; give a BIDS root, a manifest, or "
        "folders named after the modalities"
    )


def _reason_left_out(case: Case, layout: CohortLayout, modalities: Sequence[str]) -> str:
    missing = [name for name in modalities if name not in case.images]
    if not missing:
        synthesized = [name for name in modalities if is_synthetic(case.images[name])]
        return f"has only a synthesized {', '.join(synthesized)}"
    similar = [
        held
        for held in sorted(layout.held[case.name])
        for name in missing
        if canonical_modality(held).lower() == canonical_modality(name).lower()
    ]
    return f"lacks {', '.join(missing)}" + (f" (has {', '.join(similar)}?)" if similar else "")


def _no_complete_case(
    root: Path, layout: CohortLayout, modalities: Sequence[str], left_out: Mapping[str, str]
) -> str:
    if not layout.modalities:
        return _no_volumes(root)
    unknown = next((name for name in modalities if name not in layout.modalities), None)
    suggestion = nearest_spelling(layout.modalities, unknown) if unknown else None
    hint = f"no modality {unknown}; did you mean {suggestion}? " if suggestion else ""
    held = ", ".join(f"{name} ({count})" for name, count in sorted(layout.modalities.items()))
    return (
        f"{root}: {hint}no case has all of {', '.join(modalities)}; found {held}; "
        f"{_listed(left_out)}"
    )


def _listed(left_out: Mapping[str, str]) -> str:
    first = "; ".join(f"{name} {reason}" for name, reason in [*left_out.items()][:MOST_NAMED])
    more = len(left_out) - MOST_NAMED
    return f"{first}, and {more} more" if more > 0 else first
