"""Phantom, check, train, predict, evaluate, report; and each command again."""

import csv
import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from crossvox.files import read_volume

Command = Callable[..., CompletedProcess[str]]
FLAIR = "sub-01/anat/sub-01_FLAIR.nii.gz"
SYNTHESIZED = "sub-01/anat/sub-01_desc-synth_T1w.nii.gz"


def state_of(folder: Path) -> dict[Path, tuple[int, int]]:
    """When every file was last written, and its length."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def assert_self_contained(report: Path) -> None:
    text = report.read_text()
    assert "</html>" in text
    wanted = re.findall(r'(?:src|href)\s*=\s*"([^"]*)"', text) + re.findall(r"url\(([^)]*)\)", text)
    assert [link for link in wanted if not link.startswith(("data:", "#"))] == []


def test_a_phantom_made_again_is_left_as_it_is(crossvox: Command, data: Path) -> None:
    volumes = {path: state for path, state in state_of(data).items() if path.suffix == ".gz"}
    assert crossvox("phantom", data, "--cases", "6", "--size", "32").returncode == 0
    again = {path: state for path, state in state_of(data).items() if path.suffix == ".gz"}
    assert again == volumes


def test_the_phantom_has_no_faults(crossvox: Command, data: Path) -> None:
    ended = crossvox("check", data)
    assert ended.returncode == 0
    assert "6 cases of 6 people: nothing is wrong" in ended.stdout


def test_training_ends_with_a_report_on_people_it_never_saw(run: Path) -> None:
    with (run / "evaluation/scores.csv").open() as table:
        people = {row["subject"] for row in csv.DictReader(table)}
    said = json.loads((run / "synthesizer/synthesizer.json").read_text())["cohort"]
    assert people == set(said["test"])
    assert people.isdisjoint(said["train"])
    assert_self_contained(run / "evaluation/report.html")


def test_training_again_makes_no_step(
    crossvox: Command, data: Path, run: Path, tiny: Sequence[str], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(run, tmp_path / "run"))
    weights = (folder / "synthesizer/weights.safetensors").read_bytes()
    ended = crossvox("train", data, folder, *tiny, "--set", "training.steps=4")
    assert ended.returncode == 0
    assert "training" not in ended.stderr
    assert ended.stdout.splitlines()[-1] == str(folder / "evaluation/report.html")
    assert (folder / "synthesizer/weights.safetensors").read_bytes() == weights


def test_bids_goes_to_bids_on_the_sources_own_grids(data: Path, predicted: Path) -> None:
    made = sorted(predicted.rglob("*.nii.gz"))
    assert len(made) == 6
    assert (predicted / "dataset_description.json").is_file()
    source, synthesized = read_volume(data / FLAIR), read_volume(predicted / SYNTHESIZED)
    assert synthesized.grid.matches(source.grid)


def test_predicting_again_skips_what_is_there(
    crossvox: Command, data: Path, run: Path, predicted: Path
) -> None:
    before = state_of(predicted / "sub-01")
    ended = crossvox("predict", run, data, predicted)
    assert ended.returncode == 0
    assert "6 already there" in ended.stdout
    assert state_of(predicted / "sub-01") == before


def file_of(data: Path, folder: Path) -> tuple[Path, Path, str]:
    return data / FLAIR, folder / "out.nii.gz", "out.nii.gz"


def folder_of(data: Path, folder: Path) -> tuple[Path, Path, str]:
    (folder / "in").mkdir()
    shutil.copy(data / FLAIR, folder / "in/anna.nii.gz")
    return folder / "in", folder / "out", "out/anna_desc-synth_T1w.nii.gz"


def table_of(data: Path, folder: Path) -> tuple[Path, Path, str]:
    (folder / "cohort.csv").write_text(f"subject,FLAIR\nanna,{data / FLAIR}\n")
    return folder / "cohort.csv", folder / "out", "out/anna_desc-synth_T1w.nii.gz"


@pytest.mark.parametrize("shape", [file_of, folder_of, table_of])
@pytest.mark.slow
def test_the_same_person_is_the_same_volume_however_it_is_given(
    crossvox: Command,
    data: Path,
    run: Path,
    predicted: Path,
    tmp_path: Path,
    shape: Callable[[Path, Path], tuple[Path, Path, str]],
) -> None:
    given, out, expected = shape(data, tmp_path)
    ended = crossvox("predict", run, given, out)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == str(tmp_path / expected)
    one, other = read_volume(tmp_path / expected), read_volume(predicted / SYNTHESIZED)
    assert (one.voxels == other.voxels).all()


@pytest.mark.slow
def test_anybodys_volumes_are_evaluated(
    crossvox: Command, data: Path, run: Path, predicted: Path, tmp_path: Path
) -> None:
    words = ("evaluate", predicted, data, tmp_path, "--source-modality", "FLAIR", "--run", run)
    ended = crossvox(*words)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == str(tmp_path / "report.html")
    assert_self_contained(tmp_path / "report.html")
    with (tmp_path / "scores.csv").open() as table:
        assert {row["subject"] for row in csv.DictReader(table)} == {"sub-06"}  # never learned from
