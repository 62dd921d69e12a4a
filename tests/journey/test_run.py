"""From a trained run to the report on people it never saw."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crossvox.cohort import Case
from crossvox.errors import SettingsError, SomeCasesFailedError
from crossvox.files import read_volume, write_volume
from crossvox.journey.run import evaluate_run, is_evaluated, write_mean
from crossvox.training.lock import locked
from crossvox.training.train import Trained
from crossvox.volume import Grid, Volume
from heard import RecordedProgress


@pytest.fixture
def run(trained: Trained, tmp_path: Path) -> Trained:
    """The run, with room of its own for what is evaluated."""
    (tmp_path / "synthesizer").symlink_to(trained.folder / "synthesizer")
    (tmp_path / "progress.csv").symlink_to(trained.folder / "progress.csv")
    return replace(trained, folder=tmp_path)


def split(trained: Trained, **splits: str) -> Trained:
    """The run as if these people had been split otherwise."""
    cases = tuple(
        replace(case, split=splits.get(case.subject.replace("-", "_"), case.split))
        for case in trained.cases
    )
    return replace(trained, cases=cases)


def without(trained: Trained, *splits: str) -> Trained:
    return replace(trained, cases=tuple(c for c in trained.cases if c.split not in splits))


def test_the_test_people_are_scored_beside_the_mean_of_the_training_people(run: Trained) -> None:
    told = RecordedProgress()
    evaluation = evaluate_run(run, progress=told)
    assert evaluation is not None
    assert [result.pair.name for result in evaluation.results] == ["sub-06"]
    assert "mean training target" in evaluation.results[0].scores
    assert (run.folder / "evaluation/synthesized/sub-06/anat").is_dir()
    assert evaluation.report == run.folder / "evaluation/report.html"
    assert told.finished == ["predicting", "evaluating"]


@pytest.mark.slow
def test_what_the_same_weights_made_is_not_made_again(run: Trained) -> None:
    assert not is_evaluated(run)
    evaluate_run(run, progress=RecordedProgress())
    made = run.folder / "evaluation/synthesized/sub-06/anat/sub-06_desc-synth_T1w.nii.gz"
    before = made.stat().st_mtime_ns
    assert is_evaluated(run)
    told = RecordedProgress()
    assert evaluate_run(run, progress=told) is not None
    assert told.finished == ["evaluating"]
    assert made.stat().st_mtime_ns == before
    made.with_name("sub-06_desc-synth_T1w.json").write_text("{}")
    assert not is_evaluated(run)


@pytest.mark.parametrize("change", ["reference", "mask", "people", "moved"])
def test_other_people_references_or_masks_are_evaluated_again(
    run: Trained, change: str, tmp_path: Path
) -> None:
    *others, last = run.cases
    files = {name: Path(shutil.copy(file, tmp_path)) for name, file in last.images.items()}
    case = replace(last, images=files)
    before = replace(run, cases=(*others, case))
    evaluate_run(before, progress=RecordedProgress())
    assert is_evaluated(before)
    after = before
    if change == "reference":
        files["T1w"].write_bytes(files["T1w"].read_bytes())
    if change == "mask":
        after = replace(before, cases=(*others, replace(case, mask=files["T1w"])))
    if change == "people":
        after = split(before, sub_05="test")
    if change == "moved":
        after = run
    assert not is_evaluated(after)


@pytest.mark.slow
def test_the_validation_people_are_scored_where_no_one_is_for_test(run: Trained) -> None:
    evaluation = evaluate_run(without(run, "test"), progress=RecordedProgress())
    assert evaluation is not None
    assert [result.pair.name for result in evaluation.results] == ["sub-05"]


def test_nobody_is_scored_where_all_were_learned_from(run: Trained) -> None:
    assert evaluate_run(without(run, "test", "validation"), progress=RecordedProgress()) is None
    assert not (run.folder / "evaluation").exists()


def test_a_run_that_another_process_works_in_is_not_evaluated(run: Trained) -> None:
    with (
        locked(run.folder),
        pytest.raises(SettingsError, match=f"trained by process {os.getpid()}"),
    ):
        evaluate_run(run, progress=RecordedProgress())
    assert not (run.folder / "evaluation").exists()


def broken(case: Case, folder: Path) -> Case:
    path = folder / "broken_FLAIR.nii.gz"
    path.write_bytes(case.images["FLAIR"].read_bytes()[:300])
    return replace(case, images={**case.images, "FLAIR": path})


def test_a_case_that_fails_is_named_and_the_others_are_scored(run: Trained, tmp_path: Path) -> None:
    *others, chosen_by, last = split(run, sub_05="test").cases
    two = replace(run, cases=(*others, broken(chosen_by, tmp_path), last))
    with pytest.raises(SomeCasesFailedError, match="broken_FLAIR"):
        evaluate_run(two, progress=RecordedProgress())
    scores = (run.folder / "evaluation/scores.csv").read_text()
    assert "sub-06" in scores
    assert (run.folder / "evaluation/report.html").is_file()


def volumes(folder: Path, *affines: np.ndarray) -> list[Path]:
    paths = [folder / f"{number}.nii.gz" for number in range(len(affines))]
    for number, (path, affine) in enumerate(zip(paths, affines, strict=True)):
        voxels = np.arange(8, dtype=np.float32).reshape(2, 2, 2) + number
        write_volume(path, Volume(voxels, Grid((2, 2, 2), affine)))
    return paths


def test_the_mean_of_volumes_on_one_grid_is_their_mean(tmp_path: Path) -> None:
    files = volumes(tmp_path, np.eye(4), np.eye(4), np.eye(4))
    written = write_mean(files, tmp_path / "mean.nii.gz")
    assert written == tmp_path / "mean.nii.gz"
    expected = np.arange(8, dtype=np.float32).reshape(2, 2, 2) + 1  # of +0, +1, +2
    assert np.array_equal(read_volume(written).voxels, expected)


def test_there_is_no_mean_across_grids(tmp_path: Path) -> None:
    files = volumes(tmp_path, np.eye(4), np.diag([2.0, 2, 2, 1]))
    assert write_mean(files, tmp_path / "mean.nii.gz") is None
    assert not (tmp_path / "mean.nii.gz").exists()
