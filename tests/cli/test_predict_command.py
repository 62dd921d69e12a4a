"""`crossvox predict` as it is typed; whole processes are in journeys/."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.files import read_volume
from crossvox.training.train import Trained

Command = Callable[..., int]
FLAIR = "sub-01/anat/sub-01_FLAIR.nii.gz"


@pytest.fixture
def data(cohort_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(cohort_folder, tmp_path / "data"))


def test_what_is_written_is_listed_and_what_is_there_is_counted(
    crossvox: Command,
    trained: Trained,
    cohort_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert crossvox("predict", trained.folder, cohort_folder, tmp_path) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == 6
    assert all(Path(line).is_file() for line in listed)
    Path(listed[0]).unlink()
    assert crossvox("predict", trained.folder, cohort_folder, tmp_path) == 0
    again = capsys.readouterr().out.splitlines()
    assert again == [listed[0], "5 already there (--overwrite synthesizes them again)"]
    assert crossvox("predict", trained.folder, cohort_folder, tmp_path, "--overwrite") == 0
    assert capsys.readouterr().out.splitlines() == listed


def test_what_is_no_source_is_said_and_what_has_changed_is_made_again_and_said(
    crossvox: Command,
    trained: Trained,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    flat, out = tmp_path / "flat", tmp_path / "out"
    flat.mkdir()
    for modality in ("FLAIR", "T1w"):
        shutil.copy(data / FLAIR.replace("FLAIR", modality), flat)
    words = ("predict", trained.folder, flat, out)
    left_out = "1 file(s) left out: sub-01_T1w.nii.gz is T1w by its name"
    assert crossvox(*words) == 0
    made = str(out / "sub-01_desc-synth_T1w.nii.gz")
    assert capsys.readouterr().out.splitlines() == [left_out, made]
    shutil.copy(data / FLAIR.replace("-01", "-02"), flat / "sub-01_FLAIR.nii.gz")
    assert crossvox(*words) == 0
    said = capsys.readouterr().out.splitlines()
    remark = "1 synthesized again because their sources have changed"
    assert said == [left_out, made, remark]


def test_settings_that_differ_from_what_is_there_are_refused(
    crossvox: Command,
    trained: Trained,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("predict", trained.folder, data / FLAIR, tmp_path / "out.nii.gz")
    assert crossvox(*words) == 0
    assert crossvox(*words, "--set", "method.prediction_statistics=batch") == 2
    told = "out.nii.gz was made with other settings (prediction_statistics running, now batch)"
    assert told in capsys.readouterr().err
    assert crossvox(*words, "--set", "method.prediction_statistics=batch", "--overwrite") == 0


def test_two_shards_make_every_volume_once(
    crossvox: Command,
    trained: Trained,
    cohort_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("predict", trained.folder, cohort_folder, tmp_path)
    listed: list[str] = []
    for part in ("1/2", "2/2"):
        assert crossvox(*words, "--shard", part) == 0
        said, *files = capsys.readouterr().out.splitlines()
        assert said == f"part {part[0]} of 2: 3 of 6 cases"
        listed += files
    assert len(set(listed)) == 6


def test_windows_and_precision_are_options(
    crossvox: Command, trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.nii.gz"
    words = (trained.folder / "synthesizer", cohort_folder / FLAIR, out)
    assert crossvox("predict", *words, "--window", 16, 16, 16, "--precise", "--device", "cpu") == 0
    assert read_volume(out).grid.matches(read_volume(cohort_folder / FLAIR).grid)


def test_settings_of_the_method_are_options_and_stand_in_the_sidecar(
    crossvox: Command, trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    words = (trained.folder, cohort_folder / FLAIR, tmp_path / "out.nii.gz")
    set_ = ("--set", "method.prediction_statistics=batch")
    assert crossvox("predict", *words, *set_) == 0
    assert '"prediction_statistics": "batch"' in (tmp_path / "out.json").read_text()


@pytest.mark.parametrize(
    "words",
    [
        (".", "afile", (), "choose another folder"),
        (".", ".", (), "derivatives/crossvox"),
        (".", "afolder.nii.gz", (), "one file and there are 6 cases; give a folder"),
        (FLAIR, "afolder.nii.gz", ("--overwrite",), "afolder.nii.gz is a folder"),
        (FLAIR, "t1.mgz", (), "written as .nii.gz or .nii"),
        (FLAIR, "t1.nrrd", (), "written as .nii.gz or .nii"),
        (FLAIR, "theirs.nii.gz", (), "theirs.json was not written by crossvox"),
        (FLAIR, "s" * 260 + ".nii.gz", (), "the name is too long"),
        (FLAIR.replace("FLAIR", "T1w"), "out", (), "T1w by its name, but this model needs FLAIR"),
        (".", "out.nii.gz", (), "one file and there are 6 cases; give a folder"),
        (FLAIR, FLAIR, ("--overwrite",), "is a source"),
        (FLAIR, "out", ("--window", 0, 8, 8), "sizes of at least 1"),
        (FLAIR, "out", ("--set", "method.norms=batch"), "did you mean 'norm'?"),
        (FLAIR, "out", ("--device", "tpu"), "no device 'tpu' on this machine"),
        (FLAIR, "afile/out.nii.gz", (), "cannot be written"),
        ("afile", "out", (), "afile: text; give NIfTI"),
        ("nowhere", "out", (), "nowhere"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_ends_with_2(
    crossvox: Command,
    trained: Trained,
    data: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, str, tuple[object, ...], str],
) -> None:
    given, out, options, told = words
    source = (data / FLAIR).read_bytes()
    (data / "afile").write_text("anything\n")
    (data / "theirs.json").write_text("anything\n")
    (data / "afolder.nii.gz").mkdir()
    before = sorted(data.rglob("*"))
    assert crossvox("predict", trained.folder, data / given, data / out, *options) == 2
    lines = capsys.readouterr().err.splitlines()
    assert told in lines[-1]
    assert sum(line.startswith("crossvox: ") for line in lines) == 1
    assert (data / FLAIR).read_bytes() == source
    assert (data / "afile").read_text() == (data / "theirs.json").read_text() == "anything\n"
    assert sorted(data.rglob("*")) == before


def test_a_volume_larger_than_allowed_ends_with_4(
    crossvox: Command, trained: Trained, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (data / FLAIR, data / "out.nii.gz", "--max-voxels", 1000)
    assert crossvox("predict", trained.folder, *words) == 4
    assert "32x32x32 voxels, more than the 1000" in capsys.readouterr().err


def test_all_of_several_that_fail_end_with_2(
    crossvox: Command, trained: Trained, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crossvox("predict", trained.folder, data, data / "out", "--max-voxels", 1000) == 2
    assert "6 of 6 cases failed: sub-01: " in capsys.readouterr().err


def test_some_that_fail_end_with_3_and_are_named(
    crossvox: Command,
    trained: Trained,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (data / "sub-03/anat/sub-03_FLAIR.nii.gz").write_bytes(b"")
    assert crossvox("predict", trained.folder, data, tmp_path / "out") == 3
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 5
    assert "1 of 6 cases failed: sub-03: " in shown.err
