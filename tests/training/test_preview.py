"""The plan of a run without the run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError, SettingsError
from crossvox.training.experiment import Experiment, read_experiment
from crossvox.training.preview import preview
from crossvox.training.train import Trained

Tiny = Callable[..., Experiment]


@pytest.fixture
def cases(cohort_folder: Path) -> tuple[Case, ...]:
    return read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))


def test_a_preview_tells_what_training_would_set_and_writes_nothing(
    cases: tuple[Case, ...], tiny: Tiny, trained: Trained, tmp_path: Path
) -> None:
    told = {reason.setting: reason.value for reason in preview(cases, tmp_path / "run", tiny())}
    made = read_experiment(trained.folder / "experiment.toml")
    assert told["training.steps"] == str(made.training.steps)
    assert told["training.batch"] == str(made.training.batch)
    assert told["preparation.spacing_mm"] == made.preparation.spacing_mm
    assert {"memory", "hours"} <= set(told)
    assert list(tmp_path.iterdir()) == []


def test_a_preview_of_a_run_that_exists_keeps_its_plan_and_refuses_another(
    cases: tuple[Case, ...], tiny: Tiny, trained: Trained
) -> None:
    before = (trained.folder / "experiment.toml").read_bytes()
    preview(cases, trained.folder, tiny("training.steps=9"))
    with pytest.raises(SettingsError, match=r"training\.seed is 0 there, 3 requested"):
        preview(cases, trained.folder, tiny("training.seed=3"))
    assert (trained.folder / "experiment.toml").read_bytes() == before


def test_a_preview_without_anyone_to_learn_from_is_refused(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    with pytest.raises(CohortError, match="no case is for training"):
        preview([replace(case, split="test") for case in cases], tmp_path, tiny())
