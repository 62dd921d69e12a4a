"""What a run tells, and when."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.cohort import read_cohort
from crossvox.errors import SettingsError
from crossvox.progress import QUIET
from crossvox.progress.protocol import as_progress
from crossvox.training.experiment import Experiment
from crossvox.training.train import train
from heard import RecordedProgress

Tiny = Callable[..., Experiment]


def told(cohort_folder: Path, out: Path, experiment: Experiment) -> RecordedProgress:
    listener = RecordedProgress()
    cases = read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))
    train(cases, out, experiment, progress=listener)
    return listener


def test_every_step_is_told_from_where_the_run_begins(
    cohort_folder: Path, tiny: Tiny, tmp_path: Path
) -> None:
    first = told(cohort_folder, tmp_path, tiny("training.steps=4"))
    assert first.steps == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    again = told(cohort_folder, tmp_path, tiny("training.steps=6"))
    assert again.steps == [(4, 6), (5, 6), (6, 6)]
    assert told(cohort_folder, tmp_path, tiny("training.steps=6")).steps == []


def test_the_plan_is_told_before_the_first_step_of_a_new_run(
    cohort_folder: Path, tiny: Tiny, tmp_path: Path
) -> None:
    first = told(cohort_folder, tmp_path, tiny("training.steps=1"))
    settings = [line.partition(" = ")[0] for line in first.lines]
    assert {"preparation.spacing_mm", "training.patch", "training.steps"} <= set(settings)
    assert settings[-2:] == ["memory", "hours"]
    assert told(cohort_folder, tmp_path, tiny("training.steps=1")).lines == []


def test_quiet_progress_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    QUIET.run("one")
    QUIET.say("a line")
    QUIET.stage("preparing", 1, 2)
    QUIET.step(1, 2)
    QUIET.row(1, 2, {"loss": 1.0})
    assert capsys.readouterr() == ("", "")


def test_a_function_hears_stages_and_steps() -> None:
    heard: list[tuple[str, int, int]] = []
    progress = as_progress(lambda *count: heard.append(count))
    progress.stage("preparing", 1, 2)
    progress.step(3, 4)
    assert heard == [("preparing", 1, 2), ("training", 3, 4)]


def test_nothing_is_quiet_and_progress_is_itself() -> None:
    assert as_progress(None) is QUIET
    shown = RecordedProgress()
    assert as_progress(shown) is shown


def test_what_is_no_progress_is_refused() -> None:
    with pytest.raises(SettingsError, match="progress must be a function"):
        as_progress(3)  # type: ignore[arg-type]  # a mistake
