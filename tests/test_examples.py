"""The examples run, at a small size, and stay short."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossvox.files import read_volume

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
LONGEST = 60
TINY = (
    *("method.width=4", "method.depth=2", "method.discriminator_width=4", "training.steps=2"),
    # float32: torch 2.13 has wrong bfloat16 gradients where pooling leaves 2 voxels along X
    *("training.patch=[16,16,16]", "training.precision=32-true", "cohort.check=false"),
)


def main_of(name: str) -> Callable[..., None]:
    main: Callable[..., None] = runpy.run_path(str(EXAMPLES / name))["main"]
    return main


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured: Any = capsys.readouterr()
    return str(captured.out)


def test_the_phantom_example_makes_a_cohort_without_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main_of("01_phantom.py")(tmp_path, size=32, cases=3)
    lines = told(capsys).splitlines()
    assert lines[0].startswith("FLAIR: 32x32x16 voxels of ")
    assert "sub-03 is for test" in "\n".join(lines)
    assert lines[-1] == "0 findings in 3 cases"


def test_the_training_example_synthesizes_a_person_it_never_saw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main_of("02_train_and_predict.py")(tmp_path, size=32, cases=4, changes=TINY)
    assert "T1w of sub-04: 32x32x32 voxels" in told(capsys).splitlines()[-1]
    synthesized = read_volume(tmp_path / "sub-04_T1w.nii.gz")
    source = read_volume(tmp_path / "phantom/sub-04/anat/sub-04_FLAIR.nii.gz")
    assert synthesized.grid.matches(source.grid)


def test_the_scoring_example_ends_with_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main_of("03_score_anybodys_volumes.py")(tmp_path, size=32, cases=2)
    report = tmp_path / "evaluation/report.html"
    assert told(capsys).splitlines()[-1] == f"2 people, {report}"
    assert report.is_file()


def test_every_example_is_short_and_is_run_here() -> None:
    names = sorted(path.name for path in EXAMPLES.glob("*.py"))
    lengths = {name: len((EXAMPLES / name).read_text().splitlines()) for name in names}
    assert {name: length for name, length in lengths.items() if length >= LONGEST} == {}
    run = Path(__file__).read_text()
    assert names
    assert [name for name in names if f'main_of("{name}")' not in run] == []
