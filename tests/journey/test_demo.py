"""The whole way on phantoms."""

from collections.abc import Mapping
from pathlib import Path

from crossvox.journey.demo import DEMO, demo
from crossvox.training.experiment import read_experiment


class Told:
    """Remembers which stages there were."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.steps: list[int] = []

    def stage(self, name: str, done: int, total: int) -> None:
        """A stage that is done."""
        if done == total:
            self.stages.append(name)

    def say(self, text: str) -> None:
        """A line for people."""

    def step(self, step: int, steps: int) -> None:
        """A step is done."""

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:  # noqa: ARG002 - the protocol's
        """A row of training."""
        self.steps.append(step)


def test_the_demo_goes_the_whole_way(tmp_path: Path) -> None:
    told = Told()
    small = ("method.width=4", "method.depth=2", "method.discriminator_width=4")
    # float32: torch 2.13 has wrong bfloat16 gradients where pooling leaves 2 voxels along X
    short = ("training.steps=2", "training.patch=[16,16,16]", "training.precision=32-true")
    evaluation = demo(tmp_path, cases=4, size=32, changes=(*small, *short), progress=told)
    assert evaluation is not None
    assert evaluation.report.is_file()
    assert told.steps[-1] == 2
    assert told.stages[0] == "imaging phantoms"
    assert told.stages[-1] == "evaluating"


def test_the_demos_settings_are_settings() -> None:
    assert read_experiment(None, defaults=DEMO).training.steps == DEMO["training.steps"]
