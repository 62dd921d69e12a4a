"""Source volumes of a model among files, recognized by their names and headers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crossvox.cohort import Case, canonical_modality, read_cohort
from crossvox.cohort.manifest import MANIFEST_SUFFIXES
from crossvox.cohort.names import KNOWN_MODALITIES
from crossvox.errors import CohortError
from crossvox.files import is_synthetic, is_volume, stem_of

MOST_NAMED = 5  # files listed in a message
MASK_WORD = re.compile(
    r"(.*(mask|seg|segm|segmentation|parc)|labels?|lesions?|rois?|gt|probseg|contours?)"
)
CHALLENGE_SPELLINGS = {"t1n": "T1w", "t2f": "FLAIR"}  # file names of BraTS since 2023
MODALITY_WORDS = frozenset({name.lower() for name in KNOWN_MODALITIES} | {*CHALLENGE_SPELLINGS})
NOT_MAGNETIC = frozenset({"ct", "cbct", "pet"})
# BIDS entities, whose values do not name the file's own modality ("space-T1w", "ses-t2").
ENTITY = re.compile(
    r"(sub|ses|sample|task|tracksys|acq|ce|trc|stain|rec|dir|run|mod|echo|flip|inv|mt|part|proc"
    r"|hemi|space|split|recording|chunk|seg|scale|atlas|res|den|label|desc|from|to)-.+"
)
SUBJECT = re.compile(r"sub-[A-Za-z0-9]+")
ONTO = re.compile(r"(?<=[_\-. ])(to|onto|in|on)[_\-. ].*")  # names the space of another volume


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Cases to predict, and files that were left out.

    Attributes:
        cases: Cases with all source modalities.
        left_out: Reason why a file is not a source, by path.
    """

    cases: tuple[Case, ...]
    left_out: Mapping[Path, str] = field(default_factory=dict)

    def in_words(self) -> str:
        """One line about the files left out; empty if there are none."""
        if not self.left_out:
            return ""
        reasons = [f"{path.name} {reason}" for path, reason in self.left_out.items()][:MOST_NAMED]
        more = len(self.left_out) - len(reasons)
        listed = "; ".join([*reasons, f"and {more} more"] if more else reasons)
        return f"{len(self.left_out)} file(s) left out: {listed}"


def find_sources(path: Path, modalities: Sequence[str]) -> Sources:
    """Find the sources in a file, a folder of files, a BIDS root or a manifest.

    A single file or a flat folder of files works for models with one source modality. Files named
    as another modality or a mask, and synthesized volumes, are left out; the columns of a manifest
    take precedence over file names.

    Args:
        path: Path of the file or folder.
        modalities: Source modalities of the model, in the order of its channels.

    Raises:
        CohortError: No case has all source modalities, or two files belong to the same case.
    """
    if path.suffix.lower() in MANIFEST_SUFFIXES:
        return Sources(cases=read_cohort(path, modalities=modalities))
    if path.is_file():
        return Sources(cases=_plain_cases([path], modalities))
    volumes = sorted(file for file in path.glob("*") if is_volume(file)) if path.is_dir() else []
    if volumes and not any(path.glob("sub-*/")):
        return _flat(path, volumes, modalities)
    return Sources(cases=read_cohort(path, modalities=modalities))


def reason_not_a_source(path: Path, modality: str) -> str:
    """Reason why `path` cannot be a source of `modality`; empty if it can."""
    other = _other_than(modality, path)
    if other:
        return f"is {other} by its name"
    return "was synthesized by crossvox" if is_synthetic(path) else ""


def refuse_other_source(path: Path, modality: str) -> None:
    """Refuse a file that is named as another modality or a mask, or is marked as synthesized.

    Raises:
        CohortError: The file is so named or marked.
    """
    reason = reason_not_a_source(path, modality)
    if reason:
        raise CohortError(
            f"{path} {reason}, but this model needs {modality}; if it is the right file after all,"
            f" list it in a CSV with the columns subject,{modality}"
        )


def _flat(folder: Path, files: Sequence[Path], modalities: Sequence[str]) -> Sources:
    modality = modalities[0]
    left_out = {file: reason for file in files if (reason := reason_not_a_source(file, modality))}
    possible = [file for file in files if file not in left_out]
    if not possible and not any(entry.is_dir() for entry in folder.iterdir()):
        listed = Sources(cases=(), left_out=left_out).in_words()
        raise CohortError(f"{folder} holds no source; this model needs {modality}: {listed}")
    if not possible:
        return Sources(cases=read_cohort(folder, modalities=modalities))
    sources = [file for file in possible if _case_name(file, modality) != stem_of(file)] or possible
    left_out |= {file: f"does not end in {modality}" for file in possible if file not in sources}
    return Sources(cases=_plain_cases(sources, modalities), left_out=left_out)


def _plain_cases(files: Sequence[Path], modalities: Sequence[str]) -> tuple[Case, ...]:
    if len(modalities) > 1:
        needed = ", ".join(modalities)
        raise CohortError(
            f"this model needs {needed}: give a BIDS folder or a CSV with each column"
        )
    (modality,) = modalities
    by_name: dict[str, Path] = {}
    for file in files:
        refuse_other_source(file, modality)
        name = _case_name(file, modality)
        if name in by_name:
            raise CohortError(
                f"{by_name[name]} and {file} are both {name}; keep one or rename the other"
            )
        by_name[name] = file
    return tuple(
        Case(subject=_subject(name), name=name, images={modality: file})
        for name, file in by_name.items()
    )


def _subject(name: str) -> str:
    person = SUBJECT.match(name)
    return person[0] if person else name


def _case_name(file: Path, modality: str) -> str:
    stem = stem_of(file)
    rest, _, last = stem.rpartition("_")
    if "-" in last:
        rest, _, last = stem.rpartition("-")
    return rest if rest and _same(last, modality) else stem


def _other_than(modality: str, path: Path) -> str:
    """Modality or mask that `path` is named as instead of `modality`; empty if none."""
    known = [word for word in _words(path) if _is_known(word) or _same(word, modality)]
    if not known:
        return ""
    last = known[-1]
    if MASK_WORD.fullmatch(last.lower()) and not _same(last, modality):
        return f"a mask or segmentation ({last})"
    if any(_same(word, modality) for word in known) or _might_be(last, modality):
        return ""
    return _canonical(last)


def _words(path: Path) -> Iterable[str]:
    stem = ONTO.sub("", stem_of(path))
    parts = [part for part in stem.split("_") if not ENTITY.fullmatch(part)]
    return [word for part in parts for word in re.split(r"[-. ]", part) if word]


def _is_known(word: str) -> bool:
    return word.lower() in MODALITY_WORDS or bool(MASK_WORD.fullmatch(word.lower()))


def _might_be(word: str, modality: str) -> bool:
    """Whether `word` may mean `modality`: "MR" stands for any MR sequence."""
    pair = {_canonical(word).lower(), _canonical(modality).lower()}
    return "mr" in pair and not pair & NOT_MAGNETIC


def _same(word: str, modality: str) -> bool:
    return _canonical(word).lower() == _canonical(modality).lower()


def _canonical(word: str) -> str:
    return CHALLENGE_SPELLINGS.get(word.lower()) or canonical_modality(word)
