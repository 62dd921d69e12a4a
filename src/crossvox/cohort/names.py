"""Parsing person, session and modality from the names of volume files."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from crossvox.errors import CohortError
from crossvox.files import stem_of

MASK_SUFFIXES = frozenset({"mask", "dseg", "probseg"})
# Suffixes that always denote a modality: those of BIDS 1.9 and other common spellings.
KNOWN_MODALITIES = frozenset(
    {
        *("FLAIR", "T1w", "T2w", "T1ce", "T1c", "T1gd", "PDw", "PDT2", "T2starw", "T1rho", "UNIT1"),
        *("T1map", "T2map", "R1map", "R2map", "MTsat", "angio", "inplaneT1", "inplaneT2"),
        *("CT", "ct", "MR", "mr", "PET", "pet", "cbct", "CBCT", "SWI", "swi", "DWI", "dwi"),
        *("ADC", "adc", "bold", "sbref", "asl", "CBF", "flair", "t1", "t2", "T1", "T2", "t1ce"),
    }
)
# Lowercase spellings that are not the BIDS suffix in lower case.
MODALITY_ALIASES = {"t1": "T1w", "t2": "T2w", "mr": "MR", "cbct": "CBCT", "sct": "CT"}
BIDS_SPELLING = {
    **{name.lower(): name for name in ("FLAIR", "T1w", "T2w", "PDw", "CT", "PET", "ADC", "UNIT1")},
    **MODALITY_ALIASES,
}
SAFE_NAME = re.compile(r"\w[\w.+-]*")


@dataclass(frozen=True, kw_only=True)
class VolumeName:
    """Name of a volume file, parsed by the BIDS scheme.

    Attributes:
        entities: Value of each "key-value" part, in order ("sub": "01").
        suffix: Last part, the modality in BIDS; empty if the name has only one part.
        rest: Name without the suffix.
    """

    entities: Mapping[str, str]
    suffix: str
    rest: str

    @property
    def person(self) -> str:
        """Identifier of the person: the sub- part, or the name without the modality."""
        return f"sub-{self.entities['sub']}" if "sub" in self.entities else self.rest


def parse_name(path: Path) -> VolumeName:
    """Parse the file name of `path`."""
    *parts, suffix = stem_of(path).split("_")
    entities = dict(part.split("-", 1) for part in parts if "-" in part)
    return VolumeName(entities=entities, suffix=suffix if parts else "", rest="_".join(parts))


def canonical_modality(name: str) -> str:
    """Canonical spelling of a modality: "CT" for "ct" and "sCT"; unknown names are unchanged."""
    return BIDS_SPELLING.get(name.strip().lower(), name.strip())


def spelling_among(held: Collection[str], name: str) -> str | None:
    """Spelling of the modality `name` in `held`; None if no spelling or several match."""
    if name in held:
        return name
    canonical = canonical_modality(name).lower()
    matches = [other for other in held if canonical_modality(other).lower() == canonical]
    return matches[0] if len(matches) == 1 else None


def nearest_spelling(held: Collection[str], name: str) -> str | None:
    """Entry of `held` most similar to `name`, ignoring case; None if no entry is similar."""
    by_lower_case = {other.lower(): other for other in held}
    matches = get_close_matches(name.lower(), by_lower_case, n=1)
    return by_lower_case[matches[0]] if matches else None


def safe_name(name: str, *, origin: str) -> str:
    """Return `name` unchanged if it is safe in file names.

    Raises:
        CohortError: `name` is empty, starts with ".", "+" or "-", or contains characters other than
            letters, digits and ".+-_".
    """
    if SAFE_NAME.fullmatch(name):
        return name
    raise CohortError(
        f"{origin}: {name!r} cannot be used in file names; use letters, digits and . + - _"
    )
