"""Checking the files, pairs, masks and splits of a cohort before training."""

from crossvox.screening.check import check_cohort
from crossvox.screening.findings import CaseCheck, CohortCheck, Finding, IntensityRange, PairCheck

__all__ = [
    "CaseCheck",
    "CohortCheck",
    "Finding",
    "IntensityRange",
    "PairCheck",
    "check_cohort",
]
