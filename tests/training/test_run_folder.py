"""Which files are a run's, and where a run may lie."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.cohort import Case
from crossvox.errors import FileError, SettingsError
from crossvox.journey.run import evaluate_run
from crossvox.training.run_folder import (
    holds_synthesizer,
    refuse_foreign_folder,
    refuse_unknown_weights,
    remove_run,
)
from crossvox.training.train import Trained


@pytest.fixture(scope="module")
def evaluated(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(trained.folder, tmp_path_factory.mktemp("evaluated") / "run"))
    evaluate_run(replace(trained, folder=folder))
    return folder


@pytest.fixture
def run(evaluated: Path, tmp_path: Path) -> Path:
    """A finished and evaluated run that may be changed."""
    return Path(shutil.copytree(evaluated, tmp_path / "run"))


def files_below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_nothing_that_a_run_wrote_is_left(run: Path) -> None:
    (run / "checkpoint/.17-0a1b2c3d-step-00000006.safetensors").write_bytes(b"half")
    remove_run(run)
    assert list(run.iterdir()) == []


def test_files_of_the_user_stay_where_they_are(run: Path, cohort_folder: Path) -> None:
    source = cohort_folder / "sub-06/anat/sub-06_T1w.nii.gz"
    foreign = (
        "notes.txt",
        "checkpoint/step-best.safetensors",
        "prepared/mine.npy",
        "synthesizer/README.md",
        "evaluation/notes.txt",
        "evaluation/synthesized/sub-06/anat/sub-06_rating.csv",
    )
    for name in foreign:
        (run / name).write_text("precious")
    # a real image under a name of ours: it carries no notice
    real = "evaluation/synthesized/sub-06/anat/sub-06_desc-synth_T2w.nii.gz"
    shutil.copy(source, run / real)
    remove_run(run)
    assert files_below(run) == sorted([*foreign, real])


def test_a_folder_that_is_no_run_is_refused_and_nothing_is_removed(tmp_path: Path) -> None:
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation/scores.csv").write_text("precious")
    with pytest.raises(SettingsError, match=r"not a run \(it has no experiment.toml\)"):
        remove_run(tmp_path)
    assert files_below(tmp_path) == ["evaluation/scores.csv"]


@pytest.mark.parametrize("left", [(), (".lock", "cohort.json", "check.json")])
def test_an_empty_folder_or_one_from_before_the_first_start_is_fine(
    tmp_path: Path, left: tuple[str, ...]
) -> None:
    for name in left:
        (tmp_path / name).write_text("")
    remove_run(tmp_path)
    remove_run(tmp_path / "absent")


def test_a_link_to_another_run_is_not_followed(run: Path, tmp_path: Path) -> None:
    shutil.move(run / "synthesizer", tmp_path / "other")
    (run / "synthesizer").symlink_to(tmp_path / "other")
    with pytest.raises(SettingsError, match="is a link into another folder"):
        remove_run(run)
    assert (tmp_path / "other/weights.safetensors").is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_removed_is_told_in_a_line(run: Path) -> None:
    (run / "checkpoint").chmod(0o500)
    with pytest.raises(FileError, match=r"cannot be removed \(Permission denied\)"):
        remove_run(run)
    (run / "checkpoint").chmod(0o700)


@pytest.mark.parametrize("harm", ["nothing", "weights", "description", "flip", "both"])
def test_a_synthesizer_is_there_if_it_is_whole(run: Path, harm: str) -> None:
    weights, description = (
        run / "synthesizer" / name for name in ("weights.safetensors", "synthesizer.json")
    )
    if harm == "weights":
        weights.unlink()
    if harm == "description":
        description.write_text("{")
    if harm == "flip":
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    if harm == "both":
        shutil.rmtree(run / "synthesizer")
    assert holds_synthesizer(run) == (harm == "nothing")


def test_weights_of_which_no_experiment_tells_are_refused(run: Path) -> None:
    (run / "experiment.toml").unlink()
    with pytest.raises(SettingsError, match=r"no experiment\.toml that says what"):
        refuse_unknown_weights(run)
    shutil.rmtree(run / "checkpoint")
    with pytest.raises(SettingsError, match="holds synthesizer/"):
        refuse_unknown_weights(run)
    shutil.rmtree(run / "synthesizer")
    refuse_unknown_weights(run)


def case_in(data: Path, folder: str) -> Case:
    file = data / folder / "sub-01_FLAIR.nii.gz"
    return Case(subject="sub-01", name="sub-01", images={"FLAIR": file}, folder=Path(folder))


@pytest.mark.parametrize("out", ["data", "", "data/sub-01", "data/sub-01/anat/run", "data/../data"])
def test_the_data_or_a_persons_folder_are_no_place_for_a_run(tmp_path: Path, out: str) -> None:
    (tmp_path / "data/sub-01/anat").mkdir(parents=True)
    with pytest.raises(SettingsError, match="choose a folder for the run"):
        refuse_foreign_folder(tmp_path / out, [case_in(tmp_path / "data", "sub-01/anat")])


def test_beside_the_people_and_beside_flat_images_there_is_room(tmp_path: Path) -> None:
    case = case_in(tmp_path / "data", "sub-01/anat")
    for out in ("run", "data/derivatives/run", "data/sub-011"):
        refuse_foreign_folder(tmp_path / out, [case])
    flat = replace(case, images={"FLAIR": tmp_path / "data/a.nii.gz"}, folder=Path())
    refuse_foreign_folder(tmp_path / "data/run", [flat])
    with pytest.raises(SettingsError, match="holds images of the cohort"):
        refuse_foreign_folder(tmp_path / "data", [flat])
