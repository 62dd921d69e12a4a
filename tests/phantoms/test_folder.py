"""Phantoms written to disk."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crossvox.errors import CohortError, SettingsError
from crossvox.files import read_mask, read_volume
from crossvox.phantoms.folder import splits_of, subject_of, volume_path, write_phantom
from crossvox.phantoms.phantom import phantom_case
from crossvox.phantoms.settings import MODALITIES, PhantomSettings
from crossvox.progress import Quiet

SMALL = PhantomSettings(size=16, modalities=MODALITIES, misalignment_mm=3.0)
VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantom") / "heads"
    write_phantom(out, cases=3, settings=SMALL)
    return out


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.nii.gz"))
    }


@pytest.mark.skipif(not VALIDATOR.exists(), reason="bids-validator-deno is not installed")
def test_the_folder_is_valid_bids_with_its_derivatives(folder: Path) -> None:
    answer = subprocess.run(
        [str(VALIDATOR), str(folder), "--recursive", "--format", "json"],
        capture_output=True,
        check=False,
        text=True,
    )
    report = json.loads(answer.stdout)
    reports = [report, *report["derivativesSummary"].values()]
    assert len(reports) == 3
    issues = [issue for each in reports for issue in each["issues"]["issues"]]
    assert [issue for issue in issues if issue["severity"] == "error"] == []


def test_files_hold_the_voxels_of_the_case(folder: Path) -> None:
    imaged = phantom_case(SMALL, case=1)
    for modality, volume in imaged.volumes.items():
        read = read_volume(folder / volume_path("sub-02", modality))
        np.testing.assert_array_equal(read.voxels, volume.voxels)
        assert read.grid.matches(volume.grid)
        assert read.stored_as == volume.stored_as


def test_labels_and_masks_are_read_back(folder: Path) -> None:
    imaged = phantom_case(SMALL, case=0)
    labels = read_volume(folder / "derivatives/labels/sub-01/anat/sub-01_dseg.nii.gz")
    mask = read_mask(folder / "derivatives/masks/sub-01/anat/sub-01_desc-head_mask.nii.gz")
    assert imaged.mask is not None
    np.testing.assert_array_equal(labels.voxels, imaged.labels.voxels)
    np.testing.assert_array_equal(mask.voxels, imaged.mask.voxels)


def test_sidecars_record_the_shift_and_the_gain(folder: Path) -> None:
    shift = phantom_case(SMALL, case=0).shift_mm["T1w"]
    sidecar = json.loads((folder / "sub-01/anat/sub-01_T1w.json").read_text())
    assert sidecar["PhantomShift"] == list(shift)
    assert 1 / 1.1 <= sidecar["PhantomGain"] <= 1.1


def test_more_cases_leave_earlier_ones_as_they_are(folder: Path, tmp_path: Path) -> None:
    write_phantom(tmp_path / "heads", cases=1, settings=SMALL)
    before = _digests(tmp_path / "heads")
    write_phantom(tmp_path / "heads", cases=2, settings=SMALL)
    after = _digests(tmp_path / "heads")
    assert before.items() < after.items()
    assert after.items() < _digests(folder).items()


def test_an_interrupted_run_continues_to_the_same_files(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "heads"

    class Stopping(Quiet):
        def stage(self, name: str, done: int, total: int) -> None:  # noqa: ARG002 - the protocol's
            if done == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_phantom(out, cases=3, settings=SMALL, progress=Stopping())
    (out / "sub-01/anat/sub-01_T1w.nii.gz").unlink()
    write_phantom(out, cases=3, settings=SMALL)
    assert _digests(out) == _digests(folder)


def test_complete_people_are_not_written_again(folder: Path) -> None:
    path = folder / "sub-01/anat/sub-01_FLAIR.nii.gz"
    before = path.stat().st_mtime_ns
    write_phantom(folder, cases=3, settings=SMALL)
    assert path.stat().st_mtime_ns == before


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(CohortError, match="choose another folder"):
        write_phantom(tmp_path, cases=1, settings=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "heads").write_text("precious")
    with pytest.raises(CohortError, match="choose another folder"):
        write_phantom(tmp_path / "heads", cases=1, settings=SMALL)


def test_a_phantom_of_other_settings_is_refused(folder: Path) -> None:
    with pytest.raises(SettingsError, match="size 16, not 32"):
        write_phantom(folder, cases=3, settings=replace(SMALL, size=32))


def test_a_damaged_mark_is_refused(tmp_path: Path) -> None:
    (tmp_path / "phantom.json").write_text("{")
    with pytest.raises(CohortError, match=r"phantom\.json"):
        write_phantom(tmp_path, cases=1, settings=SMALL)


def test_no_people_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="got 0"):
        write_phantom(tmp_path, cases=0, settings=SMALL)


@pytest.mark.parametrize("cases", [3, 4, 10, 20, 100])
def test_splits_keep_the_last_people_for_test(cases: int) -> None:
    splits = splits_of(cases)
    assert len(splits) == cases
    assert splits == sorted(splits, key=["train", "validation", "test"].index)
    assert splits.count("validation") == splits.count("test") >= 1
    # Rounding changes a split by at most one person from 70, 15 and 15 %.
    assert abs(splits.count("test") - 0.15 * cases) <= 1


def test_two_people_are_for_training() -> None:
    assert splits_of(2) == ["train", "train"]


def test_participants_name_every_split(folder: Path) -> None:
    rows = (folder / "participants.tsv").read_text().splitlines()
    assert rows == [
        "participant_id\tsplit",
        "sub-01\ttrain",
        "sub-02\tvalidation",
        "sub-03\ttest",
    ]


def test_people_on_disk_are_counted_from_one() -> None:
    assert [subject_of(case) for case in (0, 8, 99)] == ["sub-01", "sub-09", "sub-100"]
