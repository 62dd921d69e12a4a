"""The same command again."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from crossvox.errors import SettingsError
from crossvox.training.experiment import Experiment
from crossvox.training.rerun import fill_from, refuse_other_settings


def test_what_is_left_open_is_as_it_was_planned(tiny: Callable[..., Experiment]) -> None:
    existing = tiny("preparation.spacing_mm=[1, 2, 3]")
    assert fill_from(tiny(), existing).preparation.spacing_mm == (1, 2, 3)


def test_epochs_asked_for_are_planned_anew(tiny: Callable[..., Experiment]) -> None:
    requested = replace(tiny(), training=replace(tiny().training, steps=None, epochs=9))
    assert fill_from(requested, tiny()).training.steps is None


def test_more_steps_may_be_asked_for(tiny: Callable[..., Experiment]) -> None:
    refuse_other_settings(tiny("training.steps=99"), tiny(), folder="run")


def test_a_cohort_may_be_checked_or_not(tiny: Callable[..., Experiment]) -> None:
    refuse_other_settings(tiny("cohort.check=true"), tiny(), folder="run")


@pytest.mark.parametrize(
    "change", ["training.seed=1", "method.width=8", "cohort.target=T2w", "training.batch=1"]
)
def test_anything_else_is_refused_by_name(tiny: Callable[..., Experiment], change: str) -> None:
    name = change.partition("=")[0]
    with pytest.raises(SettingsError, match=name.replace(".", r"\.")):
        refuse_other_settings(tiny(change), tiny(), folder="run")
