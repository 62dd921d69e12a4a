"""Commands that are stopped end with 75, and the same command finishes."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]


def wait_for(folder: Path, pattern: str, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not any(folder.glob(pattern)):
        assert time.monotonic() < end, f"no {pattern} in {folder}"
        time.sleep(0.01)


def stopped(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """The last line that the process says once it is asked to stop."""
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 75, told
    assert "Traceback" not in told
    return str(told.splitlines()[-1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_command_that_is_stopped_says_so_and_the_same_command_goes_on(
    start: Start, crossvox: Command, tmp_path: Path, number: signal.Signals
) -> None:
    process = start("phantom", tmp_path, "--cases", "500", "--size", "16")
    wait_for(tmp_path, "sub-01")
    assert stopped(process, number).startswith("crossvox: stopped")
    made = len(list(tmp_path.glob("sub-*")))
    assert crossvox("phantom", tmp_path, "--cases", str(made), "--size", "16").returncode == 0
    assert len(list(tmp_path.rglob("*_T1w.nii.gz"))) == made


@pytest.mark.slow
def test_a_training_stopped_before_and_amid_its_steps_is_finished_by_the_same_command(
    start: Start, crossvox: Command, data: Path, tmp_path: Path, tiny: Sequence[str]
) -> None:
    steps = ("--set", "training.steps=200", "--set", "training.checkpoint_every=10")
    words = ("train", data, tmp_path, *tiny, *steps, "--set", "cohort.check=false")
    process = start(*words)
    wait_for(tmp_path, "experiment.toml")
    stopped(process, signal.SIGUSR1)
    process = start(*words)
    wait_for(tmp_path, "checkpoint/*.json")
    began = time.monotonic()
    told = stopped(process, signal.SIGTERM)
    assert time.monotonic() - began < 10
    assert "repeat the command to resume" in told
    newest = json.loads(max(tmp_path.glob("checkpoint/*.json")).read_text())
    assert f"stopped after step {newest['step']} of 200" in told
    ended = crossvox(*words)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "checkpoint/step-00000200.json").is_file()
    assert (tmp_path / "evaluation/report.html").is_file()
