"""Whether equal minutes were equal."""

from pathlib import Path

import pytest

from crossvox.journey.budgets import unequal_budgets

EXPERIMENT = '[cohort]\nsource = ["FLAIR"]\ntarget = "T1w"\n[training]\n'


def run(
    folder: Path, name: str, *, steps: int, cpu: float, clock: float = 1.0, minutes: float = 10
) -> Path:
    made = folder / name
    made.mkdir()
    budget = f"minutes = {minutes}\n" if minutes else ""
    (made / "experiment.toml").write_text(f"{EXPERIMENT}{budget}steps = {steps}\n")
    header = "step,seconds_per_step,cpu_seconds_per_step"
    # the other row was disturbed
    rows = [f"{steps // 2},{clock},{cpu}", f"{steps},{9 * clock},{3 * cpu}"]
    (made / "progress.csv").write_text("\n".join([header, *rows, ""]))
    return made


def test_runs_that_worked_as_long_are_equal(tmp_path: Path) -> None:
    runs = {
        "light": run(tmp_path, "light", steps=1200, cpu=1.0),
        "heavy": run(tmp_path, "heavy", steps=110, cpu=10.0),
    }
    assert unequal_budgets(runs, device="cpu") is None


def test_steps_timed_on_a_busy_machine_are_told_with_the_run_that_had_too_few(
    tmp_path: Path,
) -> None:
    runs = {
        name: run(tmp_path, name, steps=steps, cpu=cpu)
        for name, steps, cpu in (("gan3d", 117, 8), ("pix2pix2d", 55, 10), ("ddpm3d", 29, 9))
    }
    told = unequal_budgets(runs, device="cpu")
    assert told is not None
    assert "not ranked. Remove the folder of ddpm3d" in told
    assert "\n" not in told


@pytest.mark.parametrize(("device", "equal"), [("cpu", True), ("cuda", False)])
def test_on_the_cpu_the_work_of_threads_counts_and_else_the_clock(
    tmp_path: Path, device: str, *, equal: bool
) -> None:
    runs = {
        "quiet": run(tmp_path, "quiet", steps=600, cpu=2.0, clock=1.0),
        "disturbed": run(tmp_path, "disturbed", steps=600, cpu=2.0, clock=3.0),
    }
    assert (unequal_budgets(runs, device=device) is None) == equal


def test_a_step_more_or_less_is_rounding(tmp_path: Path) -> None:
    runs = {
        "one": run(tmp_path, "one", steps=1, cpu=600.0),
        "many": run(tmp_path, "many", steps=1100, cpu=1.0),
    }
    assert unequal_budgets(runs, device="cpu") is None


def test_runs_whose_steps_were_set_are_not_looked_at(tmp_path: Path) -> None:
    runs = {
        "short": run(tmp_path, "short", steps=10, cpu=1.0, minutes=0),
        "long": run(tmp_path, "long", steps=1000, cpu=1.0, minutes=0),
    }
    assert unequal_budgets(runs, device="cpu") is None
    assert unequal_budgets({}, device="cpu") is None
