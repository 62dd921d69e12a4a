"""What a run tells, and when."""

from collections.abc import Callable, Mapping
from pathlib import Path

from crossvox.cohort import read_cohort
from crossvox.training.experiment import Experiment
from crossvox.training.train import train

Tiny = Callable[..., Experiment]


class Remembering:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def stage(self, name: str, done: int, total: int) -> None:
        """Work before the first step."""

    def say(self, text: str) -> None:
        """A line for people."""
        assert not self.steps
        self.said.append(text)

    def step(self, step: int, steps: int) -> None:
        """A step is done."""
        self.steps.append((step, steps))

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """A row of progress.csv."""


def told(cohort_folder: Path, out: Path, experiment: Experiment) -> Remembering:
    listener = Remembering()
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
    settings = [line.partition(" = ")[0] for line in first.said]
    assert {"preparation.spacing_mm", "training.patch", "training.steps"} <= set(settings)
    assert settings[-2:] == ["memory", "hours"]
    assert told(cohort_folder, tmp_path, tiny("training.steps=1")).said == []
