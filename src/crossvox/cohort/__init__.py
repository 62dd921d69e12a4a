"""Reading cohorts of images, and splitting them by person into train, validation and test."""

from crossvox.cohort.case import SPLITS, Case, Cohort, Split
from crossvox.cohort.names import canonical_modality
from crossvox.cohort.reading import Reading, read_cohort, survey_cohort
from crossvox.cohort.split import refuse_shared_people, split_cohort

__all__ = [
    "SPLITS",
    "Case",
    "Cohort",
    "Reading",
    "Split",
    "canonical_modality",
    "read_cohort",
    "refuse_shared_people",
    "split_cohort",
    "survey_cohort",
]
