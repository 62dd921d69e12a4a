"""`crossvox benchmark`."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from crossvox.measuring import speed
from crossvox.variants.ceilings import CEILINGS, convolution

SMALL = ("--rounds", 1, "--width", 2, "--threads", 1, "--sizes", 16, 16, 16)


@pytest.mark.slow
def test_a_prediction_is_measured_written_and_shown(
    crossvox: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("benchmark", "predict", tmp_path / "out", *SMALL, "--against", "")
    assert crossvox(*words) == 0
    shown = capsys.readouterr().out
    assert "| ours, --precise |" in shown
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "predict.md", "predict.csv", "predict_rounds.csv"
    }  # fmt: skip
    assert (tmp_path / "out/predict.md").read_text().strip() in shown


@pytest.mark.slow
def test_what_fails_is_named_in_the_table_and_at_the_end(
    crossvox: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = replace(CEILINGS[0], group="ours")
    broken = replace(good, name="broken", load=partial(convolution, channels=-1))
    monkeypatch.setattr(speed, "PREDICT", replace(speed.PREDICT, variants=(good, broken)))
    assert crossvox("benchmark", "predict", tmp_path, *SMALL, "--against", "") == 3
    told = capsys.readouterr()
    assert re.search(r"^\| broken \| .* \| kept \| failed: ", told.out, flags=re.MULTILINE)
    assert "1 failed: broken: " in told.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("predict", "--against", "nnunet"), "no group is called 'nnunet'"),
        (("predict", "--rounds", "0"), "rounds must be at least 1"),
        (("predict", "--sizes", "0", "8", "8"), "sizes and window must be at least 1"),
        (("predict", "--grow", "--largest", "8"), "must have at least 64 voxels per side"),
        (("train", "--grow"), "use crossvox benchmark predict"),
        (("train", "--against", "eager"), "use crossvox benchmark predict"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_measured_is_refused_before_anything_starts(
    crossvox: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    reason: str,
) -> None:
    what, *others = words
    assert crossvox("benchmark", what, tmp_path, *others) == 2
    assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
