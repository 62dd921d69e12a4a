"""Results of checking a cohort: measurements and findings of each case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crossvox.cohort.case import Split
from crossvox.volume import Grid

Severity = Literal["error", "warning"]
Kind = Literal[
    "file", "mask", "copy", "flip", "shift", "outline", "field of view", "person", "split"
]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Fault of a case.

    Attributes:
        case: Name of the case.
        kind: Machine-readable category of the fault.
        problem: Description of the fault with the measured value.
        remedy: Suggested fix.
        severity: "error" for faults that spoil training or results, "warning" for faults that may.
    """

    case: str
    kind: Kind
    problem: str
    remedy: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class IntensityRange:
    """Minimum, median inside the head, and maximum of a volume, in its own unit."""

    minimum: float
    median: float
    maximum: float


@dataclass(frozen=True, kw_only=True)
class PairCheck:
    """Measurements of a target volume against the source volume.

    Attributes:
        modality: Target modality.
        nmi: Normalized mutual information at the best translation, 1 (unrelated) to 2 (identical).
        shift_mm: Displacement (3,) of the target from the source in mm, RAS+.
        missing: Share of the source's head that the target does not cover.
    """

    modality: str
    nmi: float
    shift_mm: NDArray[np.float64]
    missing: float

    @property
    def distance_mm(self) -> float:
        """Length of the shift in mm."""
        return float(np.linalg.norm(self.shift_mm))


@dataclass(frozen=True, kw_only=True)
class CaseCheck:
    """Measurements and findings of one case, without volumes that cannot be read."""

    name: str
    subject: str
    split: Split | None
    grids: Mapping[str, Grid]
    ranges: Mapping[str, IntensityRange]
    pairs: tuple[PairCheck, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class CohortCheck:
    """Measurements and findings of a cohort, one row per case."""

    modalities: tuple[str, ...]
    rows: tuple[CaseCheck, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of all cases, in case order."""
        return tuple(finding for row in self.rows for finding in row.findings)

    @property
    def error_count(self) -> int:
        """Number of findings that are errors."""
        return sum(finding.severity == "error" for finding in self.findings)
