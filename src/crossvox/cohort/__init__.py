"""Cohorts: whose images there are, who is trained and tested on, and what is wrong with them."""

from crossvox.cohort.case import SPLITS, Case, Cohort, Split
from crossvox.cohort.check import check_cohort
from crossvox.cohort.findings import CaseCheck, CohortCheck, Finding, IntensityRange, PairCheck
from crossvox.cohort.names import canonical_modality
from crossvox.cohort.reading import Reading, read_cohort, survey_cohort
from crossvox.cohort.split import refuse_shared_people, split_cohort

__all__ = [
    "SPLITS",
    "Case",
    "CaseCheck",
    "Cohort",
    "CohortCheck",
    "Finding",
    "IntensityRange",
    "PairCheck",
    "Reading",
    "Split",
    "canonical_modality",
    "check_cohort",
    "read_cohort",
    "refuse_shared_people",
    "split_cohort",
    "survey_cohort",
]
