"""What is settled before the first step of a run, and stays so."""

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
from crossvox.training.plan_words import expectations, reasons
from crossvox.training.prepared import PreparedCase, fit_preparation, prepare_cohort
from crossvox.training.rerun import filled_from, refuse_other_settings
from crossvox.training.run_folder import EXPERIMENT, PREPARATION, PREPARED, refuse_unknown_weights


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What is settled before the first step.

    Attributes:
        planned: The experiment as resolved, and what it was planned from.
        cases: With their splits.
        people: As the run has written them down.
        preparation: Fitted to the training cases.
        learned: Training cases at network scale.
        watched: Validation cases, alike.
    """

    planned: Plan
    cases: tuple[Case, ...]
    people: People
    preparation: Preparation
    learned: tuple[PreparedCase, ...]
    watched: tuple[PreparedCase, ...]

    @property
    def experiment(self) -> Experiment:
        """The experiment as resolved."""
        return self.planned.experiment


def begin(
    cases: Sequence[Case],
    out: Path,
    asked: Experiment,
    *,
    compute: Compute,
    progress: Progress = QUIET,
) -> Begun:
    """Begin the run in `out`, or go on with the one that is there.

    The people and the preparation are written down at the first start, before anything is
    learned, and are the same ever after.

    Args:
        cases: Each with all modalities of the experiment.
        out: The run's folder.
        asked: The experiment as the command says.
        compute: Where it will run.
        progress: Told of each stage, and the plan of a new run, a line for each setting.

    Raises:
        CohortError: Too few cases, pairs with faults, or other people than the run has.
        SettingsError: `out` holds a run of other settings.
        ModelError: What the run wrote down is missing or damaged.
        ResourceError: A step does not fit in memory, or the disk is full.
    """
    path = out / EXPERIMENT
    existing = read_experiment(path) if path.is_file() else None
    refuse_two_budgets(asked.training, existing.training if existing else None)
    if existing:
        planned, split, people = recalled(asked, existing, cases, out, compute=compute)
    else:
        refuse_unknown_weights(out)
        asked, split = first_split(cases, asked)
        if asked.cohort.check:
            refuse_faults(split, asked, out / CHECK, progress=progress)
        planned = planned_for(asked, split, compute=compute)
        for reason in (*reasons(planned), *expectations(planned, compute=compute)):
            progress.say(str(reason))
        people = write_people(out, split, progress=progress)
    experiment = planned.experiment
    write_atomically(path, write_experiment(experiment).encode())
    learned = [case for case in split if case.split == "train"]
    watched = [case for case in split if case.split == "validation"]
    preparation = _fitted(experiment, learned, out, progress=progress)
    prepared = prepare_cohort(preparation, [*learned, *watched], out / PREPARED, progress=progress)
    return Begun(
        planned=planned,
        cases=split,
        people=people,
        preparation=preparation,
        learned=prepared[: len(learned)],
        watched=prepared[len(learned) :],
    )


def recalled(
    asked: Experiment,
    existing: Experiment,
    cases: Sequence[Case],
    out: Path,
    *,
    compute: Compute,
) -> tuple[Plan, tuple[Case, ...], People]:
    """The plan and the people of a run that was begun.

    Raises:
        CohortError: `cases` are other people.
        SettingsError: `asked` is another run.
        ModelError: What the run wrote down is missing or damaged.
    """
    filled = filled_from(asked, existing)
    refuse_other_settings(filled, existing, folder=str(out), sections=("cohort",))
    people = read_people(out)
    split = recognized(people, cases, folder=out)
    planned = planned_for(filled, split, compute=compute)
    refuse_other_settings(planned.experiment, existing, folder=str(out))
    return planned, split, people


def planned_for(asked: Experiment, split: Sequence[Case], *, compute: Compute) -> Plan:
    """The plan for cases that have their splits."""
    watched = [case for case in split if case.split == "validation"]
    return plan(asked, _learned(split), held_out=watched, compute=compute)


def first_split(cases: Sequence[Case], asked: Experiment) -> tuple[Experiment, tuple[Case, ...]]:
    """The experiment and the cases of a new run, with their splits.

    Raises:
        CohortError: There is no case for training, or only one person.
    """
    settings = asked.cohort
    split = split_cohort(cases, seed=settings.split_seed, fractions=settings.fractions)
    if not _learned(split):
        raise CohortError("no case is for training; look at the split column of participants.tsv")
    people = {case.subject for case in cases}
    if len(people) == 1:
        raise CohortError(
            f"{people.pop()} is the only person with all modalities, so none is left to choose"
            " weights by and to test on; give at least 3 people"
        )
    if any(case.split is None for case in cases) and settings.fractions is None:
        asked = replace(asked, cohort=replace(settings, fractions=FRACTIONS))
    return asked, tuple(split)


def _learned(cases: Sequence[Case]) -> list[Case]:
    return [case for case in cases if case.split == "train"]


def _fitted(
    experiment: Experiment, cases: Sequence[Case], out: Path, *, progress: Progress
) -> Preparation:
    """The run's preparation: fitted at its first start, and the same ever after."""
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
