"""Experiments trained one after the other and compared."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.errors import CohortWarning, InterruptedRunError, ModelError, SettingsError
from crossvox.journey.suite import SuiteOptions, run_suite
from crossvox.journey.suite_file import Suite
from crossvox.progress import Quiet
from crossvox.training.experiment import Experiment, read_experiment

Tiny = Callable[..., Experiment]


class Told(Quiet):
    """Remembers what was done for which run."""

    def __init__(self, *, interrupted_in: str = "") -> None:
        self.name, self.done, self.interrupted_in = "", list[tuple[str, str]](), interrupted_in

    def run(self, name: str) -> None:
        self.name = name

    def stage(self, name: str, done: int, total: int) -> None:
        if done == total:
            self.done.append((self.name, name))

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:  # noqa: ARG002 - the protocol's
        self.done.append((self.name, f"step {step}"))
        if self.name == self.interrupted_in:
            raise InterruptedRunError("stopped")


@pytest.fixture
def suite(tiny: Tiny, cohort_folder: Path) -> Suite:
    experiments = {"one": tiny(), "two": tiny("training.seed=1")}
    return Suite(experiments=experiments, against="two", data=cohort_folder)


@pytest.mark.slow
def test_a_suite_that_is_stopped_goes_on_where_it_was_and_repeats_nothing(
    suite: Suite, tmp_path: Path
) -> None:
    with pytest.raises(InterruptedRunError):
        run_suite(suite, tmp_path, progress=Told(interrupted_in="two"))
    assert not (tmp_path / "comparison").exists()
    told = Told()
    result = run_suite(suite, tmp_path, progress=told)
    assert result.failed == {}
    assert result.page == tmp_path / "comparison/comparison.html"
    assert ("one", "step 6") not in told.done
    assert ("one", "evaluating") not in told.done
    assert ("two", "step 6") in told.done
    again = Told()
    run_suite(suite, tmp_path, progress=again)
    assert not {what for _, what in again.done} & {"predicting", "evaluating", "step 6"}
    assert ("comparison", "comparing") in again.done


@pytest.mark.slow
def test_a_run_that_fails_is_named_and_the_others_go_on(
    suite: Suite, tiny: Tiny, tmp_path: Path
) -> None:
    experiments = {"broken": tiny("training.accumulate=3"), "whole": suite.experiments["one"]}
    broken = Suite(experiments=experiments, data=suite.data)
    result = run_suite(broken, tmp_path, progress=Told())
    assert list(result.failed) == ["broken"]
    assert "multiple of 3" in result.failed["broken"]
    assert result.page is None
    assert (tmp_path / "runs/whole/evaluation/pairs.csv").is_file()


@pytest.mark.slow
def test_a_run_that_was_to_be_the_opponent_and_failed_is_told(
    suite: Suite, tiny: Tiny, tmp_path: Path
) -> None:
    experiments = {**suite.experiments, "broken": tiny("training.accumulate=3")}
    broken = Suite(experiments=experiments, against="broken", data=suite.data)
    result = run_suite(broken, tmp_path, progress=Told())
    assert result.page is not None
    assert "tested against one" in result.failed["comparison"]


@pytest.mark.slow
def test_runs_whose_budgets_came_out_unequal_are_not_ranked(suite: Suite, tmp_path: Path) -> None:
    timed = {
        name: replace(one, training=replace(one.training, steps=None, minutes=0.003))
        for name, one in suite.experiments.items()
    }
    minutes = replace(suite, experiments=timed)
    run_suite(minutes, tmp_path, progress=Told())
    table = tmp_path / "runs/one/progress.csv"
    # as if the steps had been timed on a busy machine and made on an idle one
    rows = table.read_text().splitlines()
    column = rows[0].split(",").index("cpu_seconds_per_step")
    cells = [row.split(",") for row in rows[1:]]
    for row in cells:
        row[column] = "1e-9"
    table.write_text("\n".join([rows[0], *(",".join(row) for row in cells), ""]))
    result = run_suite(minutes, tmp_path, progress=Told())
    assert result.page is None
    assert "the training budgets were unequal" in result.failed["comparison"]
    assert "Remove the folder of one" in result.failed["comparison"]


def test_what_would_fail_after_training_is_refused_before(suite: Suite, tmp_path: Path) -> None:
    nothing = tmp_path / "weights.pth"
    nothing.write_bytes(b"")
    with pytest.raises(ModelError, match=r"weights\.pth"):
        run_suite(suite, tmp_path, options=SuiteOptions(inception=nothing), progress=Told())
    with pytest.raises(SettingsError, match="no device 'tpu'"):
        run_suite(suite, tmp_path, options=SuiteOptions(device="tpu"), progress=Told())
    assert not (tmp_path / "runs").exists()


def test_some_runs_alone_can_be_trained(suite: Suite, tmp_path: Path) -> None:
    result = run_suite(suite, tmp_path, options=SuiteOptions(only=("two",)), progress=Told())
    assert result.page is None
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["two"]
    with pytest.raises(SettingsError, match="there are one, two"):
        run_suite(suite, tmp_path, options=SuiteOptions(only=("tow",)), progress=Told())


@pytest.mark.slow
def test_the_check_of_the_cohort_is_kept_with_the_suite_and_each_run(
    suite: Suite, tiny: Tiny, tmp_path: Path
) -> None:
    checked = replace(suite, experiments={"one": tiny("cohort.check=true")}, against=None)
    run_suite(checked, tmp_path, progress=Told())
    kept = json.loads((tmp_path / "check.json").read_text())
    assert (kept["cases"], kept["findings"]) == (6, [])
    assert (tmp_path / "runs/one/check.json").read_bytes() == (tmp_path / "check.json").read_bytes()


@pytest.mark.slow
def test_a_suite_takes_modalities_in_the_cohorts_spelling(
    suite: Suite, tiny: Tiny, tmp_path: Path
) -> None:
    small = replace(suite, experiments={"one": tiny("cohort.source=flair")}, against=None)
    with pytest.warns(CohortWarning, match="no modality flair here; using FLAIR"):
        run_suite(small, tmp_path, progress=Told())
    assert read_experiment(tmp_path / "runs/one/experiment.toml").cohort.source == ("FLAIR",)


def test_a_suite_without_a_cohort_asks_for_one(suite: Suite, tmp_path: Path) -> None:
    homeless = Suite(experiments=suite.experiments)
    with pytest.raises(SettingsError, match="--data"):
        run_suite(homeless, tmp_path, progress=Told())
