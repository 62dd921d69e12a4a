"""Set up a run before its first step, or restore the setup of an existing run."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from crossvox.acceleration.compute import Compute
from crossvox.cohort import Case, split_cohort
from crossvox.cohort.split import FRACTIONS
from crossvox.errors import CohortError, ModelError
from crossvox.files.atomic import write_atomically
from crossvox.preparation.preparation import Preparation
from crossvox.progress import QUIET, Progress
from crossvox.training.budget import refuse_two_budgets
from crossvox.training.experiment import Experiment, read_experiment, write_experiment
from crossvox.training.faults import CHECK, refuse_faults
from crossvox.training.people import People, read_people, recognized, write_people
from crossvox.training.plan import Plan, plan
from crossvox.training.plan_report import expectations, reasons
from crossvox.training.prepared import PreparedCase, fit_preparation, prepare_cohort
from crossvox.training.rerun import fill_from, refuse_other_settings
from crossvox.training.run_folder import EXPERIMENT, PREPARATION, PREPARED, refuse_unknown_weights


@dataclass(frozen=True, kw_only=True)
class RunSetup:
    """The setup of a run before its first step.

    Attributes:
        planned: Plan with the experiment after planning.
        cases: Cases with their splits.
        people: People recorded in the run's cohort.json.
        preparation: Preparation fitted to the training cases.
        training_cases: Training cases at network scale.
        validation_cases: Validation cases at network scale.
    """

    planned: Plan
    cases: tuple[Case, ...]
    people: People
    preparation: Preparation
    training_cases: tuple[PreparedCase, ...]
    validation_cases: tuple[PreparedCase, ...]

    @property
    def experiment(self) -> Experiment:
        """The experiment after planning."""
        return self.planned.experiment


def begin(
    cases: Sequence[Case],
    out: Path,
    requested: Experiment,
    *,
    compute: Compute,
    progress: Progress = QUIET,
) -> RunSetup:
    """Set up a new run in `out`, or restore the setup of the run that is there.

    People and preparation are written at the first start, before the first step, and never change
    afterwards.

    Args:
        cases: Cases with all modalities of the experiment.
        out: Path of the run's folder.
        requested: Experiment as requested by the command.
        compute: Device and precision of the run.
        progress: Receiver of progress and, for a new run, of the plan, a line for each setting.

    Raises:
        CohortError: Too few cases, pairs with faults, or other people than the run has.
        SettingsError: `out` holds a run with other settings.
        ModelError: A file of the run is missing or damaged.
        ResourceError: A step does not fit in memory, or the disk is full.
    """
    path = out / EXPERIMENT
    existing = read_experiment(path) if path.is_file() else None
    refuse_two_budgets(requested.training, existing.training if existing else None)
    if existing:
        planned, split, people = restore_run(requested, existing, cases, out, compute=compute)
    else:
        refuse_unknown_weights(out)
        requested, split = first_split(cases, requested)
        if requested.cohort.check:
            refuse_faults(split, requested, out / CHECK, progress=progress)
        planned = plan_for(requested, split, compute=compute)
        for reason in (*reasons(planned), *expectations(planned, compute=compute)):
            progress.say(str(reason))
        people = write_people(out, split, progress=progress)
    experiment = planned.experiment
    write_atomically(path, write_experiment(experiment).encode())
    training_cases = [case for case in split if case.split == "train"]
    validation_cases = [case for case in split if case.split == "validation"]
    preparation = _fitted(experiment, training_cases, out, progress=progress)
    prepared = prepare_cohort(
        preparation, [*training_cases, *validation_cases], out / PREPARED, progress=progress
    )
    return RunSetup(
        planned=planned,
        cases=split,
        people=people,
        preparation=preparation,
        training_cases=prepared[: len(training_cases)],
        validation_cases=prepared[len(training_cases) :],
    )


def restore_run(
    requested: Experiment,
    existing: Experiment,
    cases: Sequence[Case],
    out: Path,
    *,
    compute: Compute,
) -> tuple[Plan, tuple[Case, ...], People]:
    """The plan, the cases with their splits and the people of an existing run.

    Raises:
        CohortError: `cases` are not those of the run.
        SettingsError: `requested` has settings that differ from the run's.
        ModelError: A file of the run is missing or damaged.
    """
    filled = fill_from(requested, existing)
    # Checked before planning, which would combine another method with the run's patches.
    refuse_other_settings(filled, existing, folder=str(out), sections=("cohort", "method_settings"))
    people = read_people(out)
    split = recognized(people, cases, folder=out)
    planned = plan_for(filled, split, compute=compute)
    refuse_other_settings(planned.experiment, existing, folder=str(out))
    return planned, split, people


def plan_for(requested: Experiment, split: Sequence[Case], *, compute: Compute) -> Plan:
    """Plan an experiment for cases that have their splits."""
    validation_cases = [case for case in split if case.split == "validation"]
    return plan(requested, _training_cases(split), held_out=validation_cases, compute=compute)


def first_split(
    cases: Sequence[Case], requested: Experiment
) -> tuple[Experiment, tuple[Case, ...]]:
    """Split the cases of a new run, and record the fractions in its experiment.

    Raises:
        CohortError: There is no training case, or only a single person.
    """
    settings = requested.cohort
    split = split_cohort(cases, seed=settings.split_seed, fractions=settings.fractions)
    if not _training_cases(split):
        raise CohortError(
            "no case is for training; check the split column of participants.tsv for train"
        )
    people = {case.subject for case in cases}
    if len(people) == 1:
        raise CohortError(
            f"{people.pop()} is the only person with all modalities, so nobody is left for"
            " validation and test; use data of at least 3 people"
        )
    if any(case.split is None for case in cases) and settings.fractions is None:
        requested = replace(requested, cohort=replace(settings, fractions=FRACTIONS))
    return requested, tuple(split)


def _training_cases(cases: Sequence[Case]) -> list[Case]:
    return [case for case in cases if case.split == "train"]


def _fitted(
    experiment: Experiment, cases: Sequence[Case], out: Path, *, progress: Progress
) -> Preparation:
    """The run's preparation: fitted at the first start, then read from its file."""
    path = out / PREPARATION
    if path.is_file():
        try:
            return TypeAdapter(Preparation).validate_json(path.read_bytes())
        except ValidationError as error:
            raise ModelError(
                f"{path} is damaged ({error.errors()[0]['msg']}); restore it, or start again with"
                " --fresh"
            ) from None
    preparation = fit_preparation(experiment, cases, out / PREPARED, progress=progress)
    write_atomically(path, json.dumps(asdict(preparation), indent=2).encode())
    return preparation
