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


def fill_from(requested: Experiment, existing: Experiment) -> Experiment:
    """Fill the open settings of `requested` with those planned for `existing`."""
    training = _filled(requested.training, existing.training)
    if requested.training.epochs is not None:
        training = replace(
            training, steps=requested.training.steps, epochs=requested.training.epochs
        )
    method_settings = {
        name: existing.method_settings.get(name) if value is None else value
        for name, value in requested.method_settings.items()
    }
    return replace(
        requested,
        method_settings=method_settings,
        cohort=_filled(requested.cohort, existing.cohort),
        preparation=_filled(requested.preparation, existing.preparation),
        training=training,
    )


def refuse_other_settings(
    requested: Experiment, existing: Experiment, *, folder: str, sections: Sequence[str] = SECTIONS
) -> None:
    """Refuse settings that a resumed run must not change, such as its method or patches.

    Args:
        requested: Experiment as requested by the command.
        existing: Experiment of the run.
        folder: Run folder, for the error message.
        sections: Sections to compare.

    Raises:
        SettingsError: A setting differs that is not in `CHANGEABLE`.
    """
    new, old = asdict(requested), asdict(existing)
    differing = [
        f"{section.removesuffix('_settings')}.{name} is {old[section].get(name)!r} there,"
        f" {value!r} requested"
        for section in sections
        for name, value in new[section].items()
        if value != old[section].get(name) and name not in CHANGEABLE.get(section, ())
    ]
    if requested.method != existing.method:
        differing.insert(0, f"method is {existing.method} there, {requested.method} requested")
    if differing:
        raise SettingsError(
            f"{folder} holds a run with other settings: {'; '.join(differing)};"
            " choose another folder, or --fresh to start again here"
        )


def _filled(requested: Section, existing: Section) -> Section:
    absent = {
        field.name: getattr(existing, field.name)
        for field in fields(requested)
        if getattr(requested, field.name) is None
    }
    return replace(requested, **absent)
