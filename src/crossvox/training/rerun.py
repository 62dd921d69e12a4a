"""The same command again: which experiment goes on."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import TypeVar

from crossvox.errors import SettingsError
from crossvox.training.experiment import (
    CohortSettings,
    Experiment,
    PreparationSettings,
    TrainingSettings,
)

Section = TypeVar("Section", CohortSettings, PreparationSettings, TrainingSettings)

SECTIONS = ("cohort", "preparation", "method_settings", "training")
MAY_CHANGE = {
    "training": frozenset(
        {
            "steps",
            "epochs",
            "validate_every",
            "checkpoint_every",
            "report_every",
            "precision",
            "recompute",
        }
    ),
    "cohort": frozenset({"check"}),  # done before the first step, or not at all
}


def filled_from(asked: Experiment, existing: Experiment) -> Experiment:
    """`asked` with what it leaves open as it was planned for `existing`."""
    training = _filled(asked.training, existing.training)
    if asked.training.epochs is not None:
        training = replace(training, steps=asked.training.steps, epochs=asked.training.epochs)
    return replace(
        asked,
        cohort=_filled(asked.cohort, existing.cohort),
        preparation=_filled(asked.preparation, existing.preparation),
        training=training,
    )


def refuse_other_settings(
    asked: Experiment, existing: Experiment, *, folder: str, sections: Sequence[str] = SECTIONS
) -> None:
    """Only how long a run takes and how often it reports may change while it goes on.

    Args:
        asked: As the command says.
        existing: Of the run.
        folder: The run's, named in the refusal.
        sections: Those that are compared.

    Raises:
        SettingsError: Something else differs.
    """
    new, old = asdict(asked), asdict(existing)
    differing = [
        f"{section}.{name} is {old[section].get(name)!r} there, {value!r} asked"
        for section in sections
        for name, value in new[section].items()
        if value != old[section].get(name) and name not in MAY_CHANGE.get(section, ())
    ]
    if asked.method != existing.method:
        differing.insert(0, f"method is {existing.method} there, {asked.method} asked")
    if differing:
        raise SettingsError(
            f"{folder} holds another run: {'; '.join(differing)};"
            " choose another folder, or --fresh to start again here"
        )


def _filled(asked: Section, existing: Section) -> Section:
    absent = {
        one.name: getattr(existing, one.name)
        for one in fields(asked)
        if getattr(asked, one.name) is None
    }
    return replace(asked, **absent)
