"""A plan in words."""

from pathlib import Path

import pytest

from crossvox.acceleration.compute import Compute
from crossvox.cohort import Case, read_cohort
from crossvox.training.experiment import read_experiment
from crossvox.training.plan import Plan, plan
from crossvox.training.plan_report import Reason, expectations, reasons, reasons_of_length

CPU = Compute(device="cpu", bf16=False)
SMALL = ("method.name=ddpm3d", "method.width=2", "method.depth=2", "training.patch=[32,32,32]")


@pytest.fixture
def people(cohort_folder: Path) -> tuple[Case, ...]:
    return read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))


def planned(people: tuple[Case, ...], *changes: str) -> Plan:
    requested = read_experiment(
        None, changes=("cohort.source=FLAIR", "cohort.target=T1w", *changes)
    )
    return plan(requested, people[:4], held_out=people[4:], compute=CPU)


def why(made: tuple[Reason, ...]) -> dict[str, str]:
    return {reason.setting: reason.why for reason in made}


def test_a_reason_is_one_line() -> None:
    reason = Reason(setting="training.batch", value="8", why="as many slices as are quick")
    assert str(reason) == "training.batch = 8 (as many slices as are quick)"


def test_each_setting_says_whether_it_was_set_or_why_it_is_so(people: tuple[Case, ...]) -> None:
    told = why(reasons(planned(people, *SMALL)))
    assert "share a spacing" in told["preparation.spacing_mm"]
    assert "as set; the median working grid is 32x32x32" in told["training.patch"]
    assert "100 passes over 4 training cases" in told["training.steps"]
    assert "last 50%" in told["training.decay_share"]
    assert "about 1000 steps" in told["training.ema"]
    set_all = ("training.steps=9", "training.ema=0.9", "preparation.spacing_mm=[1,1,1]")
    told = why(reasons(planned(people, *SMALL, *set_all, "training.decay_share=0")))
    assert told["training.steps"] == told["preparation.spacing_mm"] == "as set"
    assert told["training.ema"].endswith("; as set")
    assert "constant" in told["training.decay_share"]


def test_a_validation_says_what_it_costs(people: tuple[Case, ...]) -> None:
    validating = "training.validate_every"
    cheap = why(reasons(planned(people, *SMALL)))[validating]
    assert cheap == "9 validation(s) of 2 volume(s) cost 10.0% of the training"
    short = why(reasons(planned(people, *SMALL, "training.steps=40")))[validating]
    assert "even one validation is expensive" in short
    often = why(reasons(planned(people, *SMALL, "training.validate_every=10")))[validating]
    assert often.startswith("300 validation(s) of 2 volume(s) cost 333.3% of the training, more")
    alone = plan(planned(people, *SMALL).requested, people, compute=CPU)
    assert "there are no validation cases" in why(reasons(alone))[validating]


def test_slices_say_why_they_are_so(people: tuple[Case, ...]) -> None:
    told = why(reasons(planned(people, "method.name=pix2pix2d", "method.width=2")))
    assert "largest spacing" in told["method.slice_axis"]
    assert "little padding" in told["method.depth"]
    assert "whole slices" in told["training.patch"]


def test_minutes_say_that_the_steps_are_open_until_they_are_timed(
    people: tuple[Case, ...],
) -> None:
    made = planned(people, *SMALL, "training.minutes=3")
    assert "as many as fit into 3 minutes" in why(reasons(made))["training.steps"]
    assert {one.setting: one.value for one in expectations(made, compute=CPU)}["hours"] == (
        "less than 0.1"
    )
    timed = why(reasons_of_length(made.with_steps(70)))
    assert timed["training.steps"] == "as many as fit into 3 minutes, from steps that were timed"


def test_memory_and_hours_are_expected(people: tuple[Case, ...]) -> None:
    memory, hours = expectations(planned(people, *SMALL, "training.steps=400000"), compute=CPU)
    assert memory.value.endswith("GiB per step")
    assert "GiB are free" in memory.why
    assert hours.value.startswith("about ")
    assert "s per step" in hours.why
