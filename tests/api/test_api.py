"""The door from end to end, as a script uses it."""

from pathlib import Path

import numpy as np
import pytest

import crossvox
from crossvox.training.train import Trained
from heard import RecordedProgress

SMALL = (
    *("method.width=4", "method.depth=2", "method.discriminator_width=4", "training.steps=2"),
    *("training.patch=[16,16,16]", "training.precision=32-true", "cohort.check=false"),
)


def test_a_cohort_is_made_checked_learned_from_and_scored(tmp_path: Path) -> None:
    heads = crossvox.PhantomSettings(size=32)
    data = crossvox.phantom(str(tmp_path / "phantom"), cases=4, settings=heads)
    checked = crossvox.check(str(data))
    assert (checked.people, checked.check.error_count) == (4, 0)

    folder = tmp_path / "run"
    reasons = crossvox.plan(data, folder, source="FLAIR", target="T1w", settings=SMALL)
    assert "training.steps" in {reason.setting for reason in reasons}
    assert not folder.exists()

    heard = RecordedProgress()
    run = crossvox.train(
        data, folder, source=["FLAIR"], target="T1w", settings=SMALL, progress=heard
    )
    assert heard.rows[-1] == 2
    assert run.evaluation is not None
    assert "SSIM" in str(run.evaluation)
    assert run.evaluation.report.is_file()

    model = run.model()
    predicted = crossvox.predict(model, data, tmp_path / "made")
    assert len(predicted.written) == 4
    again = crossvox.predict(run.folder, data, str(tmp_path / "made"), shard="1/2")
    assert (len(again.written), len(again.skipped)) == (0, 2)
    assert "part 1 of 2" in again.notes[0]

    evaluation = crossvox.evaluate(
        tmp_path / "made", data, tmp_path / "scores", modality="T1w", include_trained=True
    )
    assert len(evaluation.results) == 4
    comparison = crossvox.compare([run.folder], tmp_path / "table", against="mean training target")
    assert comparison.page.is_file()


def test_nothing_is_shown_unless_it_is_asked_for(
    trained: Trained, cohort_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    crossvox.predict(trained.folder, cohort_folder, tmp_path / "made")
    assert capfd.readouterr() == ("", "")


def test_progress_is_a_function_too(trained: Trained, cohort_folder: Path, tmp_path: Path) -> None:
    counts: list[tuple[str, int, int]] = []
    crossvox.predict(
        trained.folder, cohort_folder, tmp_path, progress=lambda *count: counts.append(count)
    )
    assert counts[-1] == ("predicting", 6, 6)


def test_a_case_that_fails_is_told_with_what_became_of_the_others(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    good = crossvox.read_volume(cohort_folder / "sub-01/anat/sub-01_FLAIR.nii.gz")
    crossvox.write_volume(tmp_path / "in/a_FLAIR.nii.gz", good)
    (tmp_path / "in/b_FLAIR.nii").write_bytes(b"no volume")
    with pytest.raises(crossvox.SomeCasesFailedError, match="1 of 2 cases failed: b") as told:
        crossvox.predict(trained.folder, tmp_path / "in", tmp_path / "out")
    assert isinstance(told.value.result, crossvox.Predicted)
    assert [path.name for path in told.value.result.written] == ["a_desc-synth_T1w.nii.gz"]


def test_volumes_are_written_and_read_as_they_were(tmp_path: Path) -> None:
    array, affine = np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.diag([2.0, 3, 4, 1])
    path = crossvox.write_volume(str(tmp_path / "a.nii.gz"), array, affine=affine)
    volume = crossvox.read_volume(path, modality="T1w")
    np.testing.assert_array_equal(volume.voxels, array)
    assert volume.modality == "T1w"


def test_a_run_in_place_of_the_folder_to_write_is_refused(trained: Trained) -> None:
    with pytest.raises(crossvox.SettingsError, match="is a run"):
        crossvox.compare([trained.folder], trained.folder)


def test_the_machine_is_described() -> None:
    assert f"crossvox {crossvox.__version__}" in crossvox.doctor()
