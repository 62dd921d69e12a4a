"""Runs that are compared, and a suite that is killed and goes on."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]
SUITE = """
[suite]
against = "two"
[phantom]
cases = 4
size = 16
[cohort]
source = ["FLAIR"]
target = "T1w"
[training]
steps = 100
patch = [16, 16, 16]
checkpoint_every = 10
validate_every = 100
precision = "32-true"
[runs.one.method]
width = 4
depth = 1
discriminator_width = 4
discriminator_levels = 1
[runs.two.method]
width = 4
depth = 1
norm = "instance"
discriminator_width = 4
discriminator_levels = 1
"""


def wait_for(path: Path, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"no {path}"
        time.sleep(0.01)


@pytest.mark.slow
def test_two_runs_are_compared_and_timed_once(crossvox: Command, run: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(run, tmp_path / "other"))
    words = ("compare", run, other, tmp_path / "out", "--against", "other")
    ended = crossvox(*words)
    assert ended.returncode == 0, ended.stderr
    page = tmp_path / "out/comparison.html"
    assert ended.stdout.strip() == str(page)
    assert "</html>" in page.read_text()
    timed = {path: path.stat().st_mtime_ns for path in (tmp_path / "out/timing").rglob("*.nii.gz")}
    assert len(timed) == 8
    assert crossvox(*words).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in timed} == timed


@pytest.mark.slow
def test_a_suite_that_is_killed_is_finished_by_the_same_command(
    start: Start, crossvox: Command, tmp_path: Path
) -> None:
    suite, out = tmp_path / "suite.toml", tmp_path / "out"
    suite.write_text(SUITE)
    process = start("suite", suite, out)
    wait_for(out / "runs/two/checkpoint/step-00000010.json")
    process.kill()
    process.communicate()
    report = out / "runs/one/evaluation/report.html"
    before = report.stat().st_mtime_ns
    ended = crossvox("suite", suite, out)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == str(out / "comparison/comparison.html")
    assert "one: training" not in ended.stderr
    assert "two: training 100/100" in ended.stderr
    assert report.stat().st_mtime_ns == before
    table = (out / "comparison/table.md").read_text()
    assert "| one |" in table
    assert "| two |" in table
