"""Cohorts: whose images there are, and who is trained and tested on."""

from crossvox.cohort.case import SPLITS, Case, Cohort, Split
from crossvox.cohort.reading import read_cohort
from crossvox.cohort.split import refuse_shared_people, split_cohort

__all__ = [
    "SPLITS",
    "Case",
    "Cohort",
    "Split",
    "read_cohort",
    "refuse_shared_people",
    "split_cohort",
]
