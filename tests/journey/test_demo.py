"""The whole way on phantoms."""

from pathlib import Path

import pytest

from crossvox.journey.demo import DEMO, demo
from crossvox.training.experiment import read_experiment
from heard import RecordedProgress


@pytest.mark.slow
def test_the_demo_goes_the_whole_way(tmp_path: Path) -> None:
    told = RecordedProgress()
    small = ("method.width=4", "method.depth=2", "method.discriminator_width=4")
    # float32: torch 2.13 has wrong bfloat16 gradients where pooling leaves 2 voxels along X
    short = ("training.steps=2", "training.patch=[16,16,16]", "training.precision=32-true")
    evaluation = demo(tmp_path, cases=4, size=32, changes=(*small, *short), progress=told)
    assert evaluation is not None
    assert evaluation.report.is_file()
    assert told.rows[-1] == 2
    assert told.finished[0] == "imaging phantoms"
    assert told.finished[-1] == "evaluating"


def test_the_demos_settings_are_settings() -> None:
    assert read_experiment(None, defaults=DEMO).training.steps == DEMO["training.steps"]
