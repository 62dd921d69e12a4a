"""Progress on a terminal and elsewhere."""

import os
import pty
import subprocess
import sys

import pytest

from crossvox.cli.screen import Screen

SHOWN = """
from crossvox.cli.screen import Screen
with Screen() as screen:
    for done in range(4):
        screen.stage("preparing", done, 3)
    screen.row(5, 5, {"ssim": 0.25})
"""


def test_away_from_a_terminal_only_finished_stages_and_rows_are_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Screen() as screen:
        for done in range(4):
            screen.stage("preparing", done, 3)
        screen.row(50, 600, {"generator": 1.23456, "ssim": 0.5})
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "preparing 3/3",
        "training 50/600  generator 1.235  ssim 0.5",
    ]


def test_lines_of_a_suite_begin_with_the_runs_name(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen() as screen:
        screen.stage("imaging", 3, 3)
        screen.run("gan3d")
        screen.row(50, 600, {"ssim": 0.5})
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["imaging 3/3", "gan3d: training 50/600  ssim 0.5"]


def test_on_a_terminal_there_are_bars() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    subprocess.run([sys.executable, "-c", SHOWN], stderr=theirs, env=environment, check=True)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "preparing" in shown
    assert "3/3" in shown
    assert "ssim 0.25" in shown
