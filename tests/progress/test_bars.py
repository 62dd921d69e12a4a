"""Progress on a terminal and elsewhere."""

import os
import pty
import re
import subprocess
import sys
import threading

import pytest

from crossvox.progress import bars as module
from crossvox.progress.bars import Bars

LOSSES = {
    "discriminator": 1.3863,
    "generator": 45.12345,
    "generator.adversarial": 0.6931,
    "generator.l1": 0.44443,
    "seconds_per_step": 0.05,
    "cpu_seconds_per_step": 0.1,
}
SHOWN = """
import time
from crossvox.progress.bars import Bars
with Bars() as screen:
    screen.run("pix2pix2d")
    for done in range(4):
        screen.stage("preparing", done, 3)
    screen.step(500, 3000)
    for step in range(501, 504):
        time.sleep(0.2)
        screen.step(step, 3000)
    if {losses}:
        screen.row(503, 3000, {losses})
        screen.row(503, 3000, {{"ssim": 0.25}})
        time.sleep(0.2)
"""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(*, width: int, losses: dict[str, float]) -> list[str]:
    """What a terminal of that width was sent, line by line."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(width)}
    code = SHOWN.format(losses=losses)
    told: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(ours, 4096):
                told.append(part)
        except OSError:  # Linux: the other side is closed
            return

    reader = threading.Thread(target=read)
    reader.start()
    subprocess.run([sys.executable, "-c", code], stderr=theirs, env=environment, check=True)
    os.close(theirs)
    reader.join()
    os.close(ours)
    return re.split(r"[\r\n]+", ESCAPE.sub("", b"".join(told).decode()))


def test_away_from_a_terminal_finished_stages_the_first_step_and_rows_are_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Bars() as screen:
        for done in range(4):
            screen.stage("preparing", done, 3)
        for step in range(50):
            screen.step(step, 600)
        screen.row(50, 600, {"generator": 1.23456, "ssim": 0.5})
    shown = capsys.readouterr()
    assert shown.out == ""
    stage, first, row = shown.err.splitlines()
    assert stage == "preparing 3/3"
    assert re.fullmatch(r"training 1/600  \S+ s/step  .+ left", first)
    told = r"training 50/600  \S+ s/step  .+ left  generator 1\.235  ssim 0\.5"
    assert re.fullmatch(told, row)


def test_away_from_a_terminal_steps_are_told_again_after_a_while(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINE_INTERVAL_SECONDS", 0.0)
    with Bars() as screen:
        for step in range(3):
            screen.step(step, 600)
    counts = [line.split()[1] for line in capsys.readouterr().err.splitlines()]
    assert counts == ["1/600", "2/600"]


def test_a_run_that_goes_on_says_from_where(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as screen:
        screen.step(500, 3000)
        screen.step(501, 3000)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "resuming from step 500 of 3000"
    assert second.startswith("training 501/3000")


def test_lines_of_a_suite_begin_with_the_runs_name(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as screen:
        screen.stage("imaging", 3, 3)
        screen.run("gan3d")
        screen.say("training.batch = 1 (as set)")
        screen.row(50, 600, {"ssim": 0.5})
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "imaging 3/3",
        "gan3d: training.batch = 1 (as set)",
        "gan3d: training 50/600  ssim 0.5",
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_terminal_shows_bar_count_and_time_left_before_the_first_row(width: int) -> None:
    lines = on_a_terminal(width=width, losses={})
    bars = [line for line in lines if "training" in line]
    assert bars
    assert re.search(r"pix2pix2d: training\s+\S*[━╸╺]+\s+503/3000\s+.*\d+ min \d+ s left", bars[-1])
    assert all(len(line) <= width for line in lines)
    assert "pix2pix2d: preparing 3/3" in lines
    assert "pix2pix2d: resuming from step 500 of 3000" in lines


@pytest.mark.parametrize("width", [60, 140])
def test_losses_stand_below_the_bar_and_leave_it_whole(width: int) -> None:
    lines = on_a_terminal(width=width, losses=LOSSES)
    last = max(number for number, line in enumerate(lines) if "training" in line)
    assert re.search(r"503/3000\s+.* left", lines[last])
    below = " ".join(lines[last + 1 :])
    for told in ("s/step", "generator.adversarial 0.6931", "generator.l1 0.4444", "ssim 0.25"):
        assert told in below
    assert "seconds_per_step" not in below
    assert all(len(line) <= width for line in lines)
