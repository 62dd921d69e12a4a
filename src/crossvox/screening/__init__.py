"""Pairs and people of a cohort examined before anything is trained on it."""

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
