"""The README's Python runs as it is written."""

import re
import shutil
from pathlib import Path

import pytest

import crossvox
from crossvox.files import read_volume

README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.mark.slow  # the README's default width takes ten seconds
def test_the_readmes_python_runs_on_a_cohort(
    cohort_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    shutil.copytree(cohort_folder, tmp_path / "DATA")
    source = cohort_folder / "sub-01/anat/sub-01_FLAIR.nii.gz"
    shutil.copy(source, tmp_path / "patient_FLAIR.nii.gz")
    monkeypatch.chdir(tmp_path)
    # The same run, already finished: the README's command then goes on to its evaluation.
    crossvox.train("DATA", "RUN", source="FLAIR", target="T1w", settings=["training.steps=1"])
    capsys.readouterr()
    exec(block, {})  # noqa: S102  # as a reader would run it
    synthesized = read_volume(tmp_path / "patient_T1w.nii.gz")
    assert synthesized.grid.matches(read_volume(source).grid)
    assert len(list((tmp_path / "OUT").rglob("*_T1w.nii.gz"))) == 6
    assert (tmp_path / "SCORES/report.html").is_file()
    assert "histogram-matched" in capsys.readouterr().out
