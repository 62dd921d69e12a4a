"""Which files are sources of a model, by what their names and headers say."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crossvox.cohort import Case, canonical_modality, read_cohort
from crossvox.cohort.manifest import MANIFEST_SUFFIXES
from crossvox.cohort.names import KNOWN_MODALITIES
from crossvox.errors import CohortError
from crossvox.files import is_synthetic, is_volume, stem_of

MOST_NAMED = 5
MASK_WORD = re.compile(
    r"(.*(mask|seg|segm|segmentation|parc)|labels?|lesions?|rois?|gt|probseg|contours?)"
)
CHALLENGE_SPELLINGS = {"t1n": "T1w", "t2f": "FLAIR"}  # BraTS since 2023
MODALITY_WORDS = frozenset({name.lower() for name in KNOWN_MODALITIES} | {*CHALLENGE_SPELLINGS})
NOT_MAGNETIC = frozenset({"ct", "cbct", "pet"})
# BIDS entities; their values do not name what the file shows ("space-T1w", "ses-t2").
ENTITY = re.compile(
    r"(sub|ses|sample|task|tracksys|acq|ce|trc|stain|rec|dir|run|mod|echo|flip|inv|mt|part|proc"
    r"|hemi|space|split|recording|chunk|seg|scale|atlas|res|den|label|desc|from|to)-.+"
)
SUBJECT = re.compile(r"sub-[A-Za-z0-9]+")
ONTO = re.compile(r"(?<=[_\-. ])(to|onto|in|on)[_\-. ].*")  # another volume's space


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Cases to synthesize from, and files that were passed over.

    Attributes:
        cases: Each with all source modalities.
        left_out: Why a file is no source, by file.
    """

    cases: tuple[Case, ...]
    left_out: Mapping[Path, str] = field(default_factory=dict)

    def in_words(self) -> str:
        """What was left out, in one line; empty if nothing was."""
        if not self.left_out:
            return ""
        named = [f"{path.name} {why}" for path, why in self.left_out.items()][:MOST_NAMED]
        more = len(self.left_out) - len(named)
        listed = "; ".join([*named, f"and {more} more"] if more else named)
        return f"{len(self.left_out)} file(s) left out: {listed}"


def find_sources(path: Path, modalities: Sequence[str]) -> Sources:
    """The sources in a file, a folder of files, a BIDS root or a manifest.

    A single file or a flat folder of files serves models of one source modality. Files whose
    names say another modality or a mask, and volumes that were synthesized, are no sources; a
    manifest's columns count whatever the names say.

    Args:
        path: File or folder.
        modalities: What the model needs, in the order of its channels.

    Raises:
        CohortError: Nothing there has all source modalities, or two files are one case.
    """
    if path.suffix.lower() in MANIFEST_SUFFIXES:
        return Sources(cases=read_cohort(path, modalities=modalities))
    if path.is_file():
        return Sources(cases=_plain_cases([path], modalities))
    volumes = sorted(file for file in path.glob("*") if is_volume(file)) if path.is_dir() else []
    if volumes and not any(path.glob("sub-*/")):
        return _flat(path, volumes, modalities)
    return Sources(cases=read_cohort(path, modalities=modalities))


def why_no_source(path: Path, modality: str) -> str:
    """Why `path` is no source of `modality`; empty if it is one, or if nothing is against it."""
    other = _other_than(modality, path)
    if other:
        return f"names {other}"
    return "was synthesized by crossvox" if is_synthetic(path) else ""


def refuse_other_source(path: Path, modality: str) -> None:
    """Refuse a file whose name or notice speaks against it.

    Raises:
        CohortError: It does.
    """
    why = why_no_source(path, modality)
    if why:
        raise CohortError(
            f"{path} {why}, this model needs {modality}; if it is right all the same,"
            f" list it in a CSV with the columns subject,{modality}"
        )


def _flat(folder: Path, files: Sequence[Path], modalities: Sequence[str]) -> Sources:
    left_out = {file: why for file in files if (why := why_no_source(file, modalities[0]))}
    taken = [file for file in files if file not in left_out]
    if not taken and not any(entry.is_dir() for entry in folder.iterdir()):
        listed = Sources(cases=(), left_out=left_out).in_words()
        raise CohortError(f"{folder} holds no source; this model needs {modalities[0]}: {listed}")
    if not taken:
        return Sources(cases=read_cohort(folder, modalities=modalities))
    named = [file for file in taken if _case_name(file, modalities[0]) != stem_of(file)] or taken
    left_out |= {file: f"does not end in {modalities[0]}" for file in taken if file not in named}
    return Sources(cases=_plain_cases(named, modalities), left_out=left_out)


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
            raise CohortError(f"{by_name[name]} and {file} are both {name}; keep one of them")
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
    """What the name of `path` says in place of `modality`; empty if nothing."""
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
    """Whether `word` is no other modality: "MR" stands for any sequence."""
    pair = {_canonical(word).lower(), _canonical(modality).lower()}
    return "mr" in pair and not pair & NOT_MAGNETIC


def _same(word: str, modality: str) -> bool:
    return _canonical(word).lower() == _canonical(modality).lower()


def _canonical(word: str) -> str:
    return CHALLENGE_SPELLINGS.get(word.lower()) or canonical_modality(word)
