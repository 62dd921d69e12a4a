"""Decide which experiment resumes when a command is repeated."""

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
CHANGEABLE = {
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
    "cohort": frozenset({"check"}),  # only used before the first step
}


def fill_from(asked: Experiment, existing: Experiment) -> Experiment:
    """Fill the open settings of `asked` with those planned for `existing`."""
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
    """Refuse settings that a resumed run must not change, such as its method or patches.

    Args:
        asked: Experiment as the command sets it.
        existing: Experiment of the run.
        folder: Run folder, for the error message.
        sections: Sections to compare.

    Raises:
        SettingsError: A setting differs that is not in `CHANGEABLE`.
    """
    new, old = asdict(asked), asdict(existing)
    differing = [
        f"{section}.{name} is {old[section].get(name)!r} there, {value!r} asked"
        for section in sections
        for name, value in new[section].items()
        if value != old[section].get(name) and name not in CHANGEABLE.get(section, ())
    ]
    if asked.method != existing.method:
        differing.insert(0, f"method is {existing.method} there, {asked.method} asked")
    if differing:
        raise SettingsError(
            f"{folder} holds a run with other settings: {'; '.join(differing)};"
            " choose another folder, or --fresh to start again here"
        )


def _filled(asked: Section, existing: Section) -> Section:
    absent = {
        field.name: getattr(existing, field.name)
        for field in fields(asked)
        if getattr(asked, field.name) is None
    }
    return replace(asked, **absent)
