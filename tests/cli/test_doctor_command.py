"""`crossvox doctor`."""

import platform

import pytest
import torch

from crossvox import __version__
from crossvox.cli.doctor import doctor


def test_the_doctor_tells_versions_device_and_memory(capsys: pytest.CaptureFixture[str]) -> None:
    doctor()
    told = capsys.readouterr().out
    assert f"crossvox {__version__}, Python {platform.python_version()}" in told
    assert f"torch {torch.__version__}" in told
    assert "device " in told
    assert "GiB of memory free" in told


def test_the_doctor_tells_how_to_get_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    doctor()
    extras = [line for line in capsys.readouterr().out.splitlines() if line.startswith("extra")]
    assert {line.split(":")[0] for line in extras} == {
        f"extra {name}" for name in ("export", "benchmark")
    }
    for line in extras:
        name = line.split()[1].rstrip(":")
        assert line.endswith(("ready", f"pip install 'crossvox[{name}]'"))
