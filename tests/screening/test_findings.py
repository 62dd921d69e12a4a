"""Results of a check."""

from typing import Literal

import numpy as np
import pytest

from crossvox.screening import CaseCheck, CohortCheck, Finding, PairCheck


def _row(name: str, *severities: Literal["error", "warning"]) -> CaseCheck:
    findings = tuple(
        Finding(case=name, kind="file", problem="p", remedy="r", severity=severity)
        for severity in severities
    )
    return CaseCheck(
        name=name, subject=name, split=None, grids={}, ranges={}, pairs=(), findings=findings
    )


def test_findings_of_a_cohort_are_those_of_its_cases_in_order() -> None:
    found = CohortCheck(
        modalities=("FLAIR",), rows=(_row("a", "error"), _row("b"), _row("c", "warning", "error"))
    )
    assert [finding.case for finding in found.findings] == ["a", "c", "c"]
    assert found.error_count == 2


def test_the_distance_of_a_pair_is_the_length_of_its_shift() -> None:
    pair = PairCheck(modality="T1w", nmi=1.1, shift_mm=np.array([2.0, -3.0, 6.0]), missing=0.0)
    assert pair.distance_mm == pytest.approx(7.0)
