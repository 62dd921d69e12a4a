"""Result of reading a layout, before cases are chosen from it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossvox.cohort.case import Case


@dataclass(frozen=True, kw_only=True)
class Found:
    """What lies below a path.

    Attributes:
        cases: All cases, also those that lack wanted modalities.
        held: Modalities of all files of each case, wanted or not, by the case's name.
        unused_masks: Masks that restrict nothing: they are of neither the brain nor the head.
    """

    cases: Sequence[Case]
    held: Mapping[str, frozenset[str]]
    unused_masks: tuple[Path, ...] = ()

    @property
    def modalities(self) -> Counter[str]:
        """How many cases hold each modality."""
        return Counter(modality for held in self.held.values() for modality in held)
