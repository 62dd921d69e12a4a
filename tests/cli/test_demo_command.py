"""`crossvox demo`; its way at a small size is in journey/test_demo.py."""

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.journey.demo import DEMO_CASES

Command = Callable[..., int]


def test_the_demo_begins_with_its_people_and_can_be_stopped(tmp_path: Path) -> None:
    crossvox = Path(sys.executable).with_name("crossvox")
    process = subprocess.Popen([crossvox, "demo", tmp_path], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not (tmp_path / "phantom/sub-01").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 75
    assert "stopped" in told
    with (tmp_path / "phantom/participants.tsv").open() as table:
        assert len(list(csv.DictReader(table, delimiter="\t"))) == DEMO_CASES


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_demo_ends_with_the_way_to_its_report(
    crossvox: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crossvox("demo", tmp_path) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "run/evaluation/report.html")
    assert (tmp_path / "run/evaluation/report.html").is_file()
