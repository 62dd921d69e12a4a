"""Everything a reader found below a path, before incomplete cases are left out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossvox.cohort.case import Case


@dataclass(frozen=True, kw_only=True)
class CohortLayout:
    """Cases and masks below a path.

    Attributes:
        cases: All cases, including cases that lack requested modalities.
        held: All modalities of each case, requested or not, by case name.
        unused_masks: Ignored mask files: masks of neither the brain nor the head.
    """

    cases: Sequence[Case]
    held: Mapping[str, frozenset[str]]
    unused_masks: tuple[Path, ...] = ()

    @property
    def modalities(self) -> Counter[str]:
        """Number of cases that have each modality."""
        return Counter(modality for held in self.held.values() for modality in held)
