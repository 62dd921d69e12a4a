"""Findings of a cohort's check."""

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
    """One fault of a case.

    Attributes:
        case: Name of the case.
        kind: Sort of fault, for programs.
        problem: Description with the measured number.
        remedy: Advice.
        severity: An error spoils training or results; a warning may.
    """

    case: str
    kind: Kind
    problem: str
    remedy: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class IntensityRange:
    """Least, median in the head, and greatest voxel of a volume."""

    least: float
    median: float
    most: float


@dataclass(frozen=True, kw_only=True)
class PairCheck:
    """How the volume of one modality fits to that of the first.

    Attributes:
        modality: Of the target.
        nmi: Normalized mutual information at the best translation, 1 (unrelated) to 2 (the same).
        shift_mm: How far the target lies from the source, RAS+.
        missing: Share of the source's head of which the target shows nothing.
    """

    modality: str
    nmi: float
    shift_mm: NDArray[np.float64]
    missing: float

    @property
    def distance_mm(self) -> float:
        """Length of the shift."""
        return float(np.linalg.norm(self.shift_mm))


@dataclass(frozen=True, kw_only=True)
class CaseCheck:
    """What was found about one case; volumes that cannot be read are absent."""

    name: str
    subject: str
    split: Split | None
    grids: Mapping[str, Grid]
    ranges: Mapping[str, IntensityRange]
    pairs: tuple[PairCheck, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class CohortCheck:
    """What was found about a cohort, one row a case."""

    modalities: tuple[str, ...]
    rows: tuple[CaseCheck, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all cases, in their order."""
        return tuple(finding for row in self.rows for finding in row.findings)

    @property
    def error_count(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)
