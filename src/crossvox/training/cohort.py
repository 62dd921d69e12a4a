"""Read the cohort of an experiment, and adopt the cohort's spelling of modalities."""

import warnings
from dataclasses import replace
from pathlib import Path

from crossvox.cohort import Reading, survey_cohort
from crossvox.errors import CohortWarning
from crossvox.training.experiment import Experiment


def read_cohort_of(experiment: Experiment, data: Path) -> Reading:
    """Read the cases below `data` that have all modalities of `experiment`; warn of files left out.

    Raises:
        CohortError: No case is complete, or several files fit the same modality.
    """
    settings = experiment.cohort
    reading = survey_cohort(
        data,
        modalities=(*settings.source, settings.target),
        synthesized="taken" if settings.allow_synthetic else "left out",
    )
    for remark in reading.remarks:
        warnings.warn(remark, CohortWarning, stacklevel=2)
    return reading


def with_cohort_spelling(experiment: Experiment, reading: Reading) -> Experiment:
    """`experiment` with its modalities as the cohort spells them, so that runs can be resumed.

    Raises:
        SettingsError: Two modalities of the experiment are the same modality of the cohort.
    """
    *source, target = reading.modalities
    return replace(
        experiment, cohort=replace(experiment.cohort, source=tuple(source), target=target)
    )
