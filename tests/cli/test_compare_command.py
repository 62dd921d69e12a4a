"""`crossvox compare` as it is typed."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.cli.compare import compare
from crossvox.errors import SettingsError
from crossvox.journey.run import evaluate_run
from crossvox.training.train import Trained

Command = Callable[..., int]


@pytest.fixture
def run(trained: Trained, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(trained.folder, tmp_path / "run"))
    evaluate_run(replace(trained, folder=folder))
    return folder


def test_a_run_is_not_taken_for_the_folder_to_write(run: Path, tmp_path: Path) -> None:
    before = (run / "evaluation/scores.csv").read_bytes()
    for out in (run, run / "evaluation"):
        with pytest.raises(SettingsError, match="name a folder for the comparison"):
            compare(tmp_path / "other", out)
    assert (run / "evaluation/scores.csv").read_bytes() == before


@pytest.mark.slow
def test_a_run_and_a_folder_are_compared_under_the_names_they_are_given(
    crossvox: Command,
    cohort_folder: Path,
    run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    folder = run / "evaluation/synthesized"
    words = (run, folder, out, "--names", "gan,copy", "--against", "copy")
    more = ("--reference", cohort_folder, "--source-modality", "FLAIR")
    masks = ("--mask", cohort_folder / "derivatives/masks")
    assert crossvox("compare", *words, *more, *masks) == 0
    assert capsys.readouterr().out.strip() == str(out / "comparison.html")
    table = (out / "table.md").read_text()
    assert "| gan |" in table
    assert "| copy |" in table


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "crossvox compare RUN RUN OUT"),
        (("out",), "crossvox compare RUN RUN OUT"),
        (("nowhere", "nowhere2", "out"), "--reference DATA"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    crossvox: Command, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    assert crossvox("compare", *words) == 2
    shown = capsys.readouterr().err
    assert told in shown
    assert shown.count("\n") == 1
