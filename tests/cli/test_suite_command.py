"""`crossvox suite` as it is typed; whole processes are in journeys/."""

from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., int]
SUITE = """
[cohort]
source = ["FLAIR"]
target = "T1w"
check = false
[training]
steps = 1
patch = [16, 16, 16]
precision = "32-true"
[runs.one.method]
width = 4
depth = 1
discriminator_width = 4
discriminator_levels = 1
[runs.two.method]
width = 4
depth = 1
discriminator_width = 4
discriminator_levels = 1
[runs.two.training]
accumulate = 3
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "suite.toml"
    path.write_text(SUITE)
    return path


@pytest.mark.slow
def test_a_run_that_fails_ends_with_3_and_its_name(
    crossvox: Command,
    suite: Path,
    cohort_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert crossvox("suite", suite, out, "--data", cohort_folder) == 3
    shown = capsys.readouterr()
    assert shown.out.strip() == str(out)
    assert shown.err.splitlines()[-1].startswith("crossvox: 1 failed: two: training.batch 1")
    assert (out / "runs/one/evaluation/report.html").is_file()


def test_a_mistake_in_the_last_run_is_refused_before_the_first_is_trained(
    crossvox: Command,
    suite: Path,
    cohort_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    suite.write_text(SUITE.replace("accumulate", "acumulate"))
    assert crossvox("suite", suite, tmp_path / "out", "--data", cohort_folder) == 2
    assert "did you mean 'accumulate'?" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_chosen_runs_alone_are_trained(
    crossvox: Command, suite: Path, cohort_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert crossvox("suite", suite, out, "--data", cohort_folder, "--only", "one") == 0
    assert [path.name for path in (out / "runs").iterdir()] == ["one"]
