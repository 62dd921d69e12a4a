"""The cohort that an experiment names, in the cohort's own spelling."""

import warnings
from dataclasses import replace
from pathlib import Path

from crossvox.cohort import Reading, survey_cohort
from crossvox.errors import CohortWarning
from crossvox.training.experiment import Experiment


def read_cohort_of(experiment: Experiment, data: Path) -> Reading:
    """The cases below `data` with all modalities of `experiment`; warns of what is not taken.

    Raises:
        CohortError: No case is complete, or it is unclear which file counts.
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


def spelled_as(experiment: Experiment, reading: Reading) -> Experiment:
    """`experiment` with its modalities as the cohort spells them: so a run is kept and resumed.

    Raises:
        SettingsError: The cohort has one modality where the experiment names two.
    """
    *source, target = reading.modalities
    return replace(
        experiment, cohort=replace(experiment.cohort, source=tuple(source), target=target)
    )
