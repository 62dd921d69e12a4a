"""What the name of a volume file says: person, session, modality."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from crossvox.errors import CohortError
from crossvox.files import stem_of

MASK_SUFFIXES = frozenset({"mask", "dseg", "probseg"})
# Suffixes that surely name a modality, of BIDS 1.9 and of common use.
KNOWN_MODALITIES = frozenset(
    {
        *("FLAIR", "T1w", "T2w", "T1ce", "T1c", "T1gd", "PDw", "PDT2", "T2starw", "T1rho", "UNIT1"),
        *("T1map", "T2map", "R1map", "R2map", "MTsat", "angio", "inplaneT1", "inplaneT2"),
        *("CT", "ct", "MR", "mr", "PET", "pet", "cbct", "CBCT", "SWI", "swi", "DWI", "dwi"),
        *("ADC", "adc", "bold", "sbref", "asl", "CBF", "flair", "t1", "t2", "T1", "T2", "t1ce"),
    }
)
# Spellings whose lower case is not that of the BIDS suffix they mean.
SPELLINGS = {"t1": "T1w", "t2": "T2w", "mr": "MR", "cbct": "CBCT", "sct": "CT"}
BIDS_SPELLING = {
    **{name.lower(): name for name in ("FLAIR", "T1w", "T2w", "PDw", "CT", "PET", "ADC", "UNIT1")},
    **SPELLINGS,
}
SAFE_NAME = re.compile(r"\w[\w.+-]*")


@dataclass(frozen=True, kw_only=True)
class VolumeName:
    """The name of a volume file, taken apart as BIDS does.

    Attributes:
        entities: Value of each "key-value" part, in order ("sub": "01").
        suffix: Last part, the modality in BIDS; empty where there is only one part.
        rest: All but the suffix.
    """

    entities: Mapping[str, str]
    suffix: str
    rest: str

    @property
    def person(self) -> str:
        """Whom it shows: the sub- part, or all but the modality."""
        return f"sub-{self.entities['sub']}" if "sub" in self.entities else self.rest


def parse_name(path: Path) -> VolumeName:
    """What the name of `path` says."""
    *parts, suffix = stem_of(path).split("_")
    entities = dict(part.split("-", 1) for part in parts if "-" in part)
    return VolumeName(entities=entities, suffix=suffix if parts else "", rest="_".join(parts))


def canonical_modality(name: str) -> str:
    """The one spelling of a modality: "ct" and "sCT" are "CT"; an unknown name stays as it is."""
    return BIDS_SPELLING.get(name.strip().lower(), name.strip())


def spelling_among(held: Collection[str], name: str) -> str | None:
    """How `held` spells the modality `name`; None where nothing or more than one thing fits."""
    if name in held:
        return name
    meant = canonical_modality(name).lower()
    same = [other for other in held if canonical_modality(other).lower() == meant]
    return same[0] if len(same) == 1 else None


def nearest_spelling(held: Collection[str], name: str) -> str | None:
    """What of `held` was probably meant by `name`, whatever the letters' case."""
    by_lower_case = {other.lower(): other for other in held}
    near = get_close_matches(name.lower(), by_lower_case, n=1)
    return by_lower_case[near[0]] if near else None


def safe_name(name: str, *, origin: str) -> str:
    """`name`, if it can name files.

    Raises:
        CohortError: It holds anything but letters, digits and ".+-_".
    """
    if SAFE_NAME.fullmatch(name):
        return name
    raise CohortError(f"{origin}: {name!r} cannot name files; use letters, digits and . + - _")
