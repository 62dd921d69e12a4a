"""The command line as a whole: exit codes and the one line that goes with them."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.cli.app import COMMANDS
from crossvox.errors import CohortWarning, FileWarning

Command = Callable[..., int]


def test_every_command_is_in_the_help(
    crossvox: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crossvox("--help") == 0
    told = capsys.readouterr().out
    assert all(name in told for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_what_it_does(
    crossvox: Command, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert crossvox(name, "--help") == 0
    assert f"Usage: crossvox {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["trian"], 'Did you mean "train"?'),
        (["train"], "DATA requires an argument"),
        (["train", "a", "b", "--sourc", "FLAIR"], "Did you mean --source?"),
        (["phantom", "a", "--size", "large"], 'unable to convert "large" into int'),
        (["predict", "a", "b", "c", "--prefer", "tform"], '"sform", "qform"'),
        (["check", "n" * 300], "the name is too long"),
        (["check", "nowhere [b]"], "nowhere [b]: there is no such file"),
    ],
)
def test_bad_usage_is_one_line_and_ends_with_2(
    crossvox: Command, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert crossvox(*words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("crossvox: ")
    assert told in shown.err


def test_a_network_too_large_for_memory_ends_with_4(
    crossvox: Command, cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("--source", "FLAIR", "--target", "T1w", "--set", "cohort.check=false")
    # the innermost level has 131072 channels: terabytes of weights, of which none is taken
    wide = ("--set", "method.width=512", "--set", "method.depth=8")
    assert crossvox("train", str(cohort_folder), str(tmp_path), *names, *wide) == 4
    assert "GiB are free; set a smaller method.width" in capsys.readouterr().err


def test_what_is_our_own_fault_is_shown_whole(
    crossvox: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    crossvox("--version")
    try:
        _ = 1 / int("0")
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "division by zero" in shown
    assert "bug in crossvox" in shown


def test_our_warnings_are_one_line_and_those_of_others_stay(crossvox: Command) -> None:
    crossvox("--version")
    for kind in (FileWarning, CohortWarning):
        ours = warnings.formatwarning(kind("a.nii: slope 0"), kind, "x.py", 3)
        assert ours == "crossvox: warning: a.nii: slope 0\n"
    others = warnings.formatwarning(UserWarning("old"), UserWarning, "x.py", 3)
    assert "x.py:3: UserWarning: old" in others
