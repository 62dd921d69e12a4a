"""The check finds faults planted in a sound cohort, and none in the sound cohort."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError
from crossvox.files import read_volume, write_volume
from crossvox.screening import CohortCheck, check_cohort
from crossvox.volume import Grid, Volume
from heard import RecordedProgress

MODALITIES = ("FLAIR", "T1w")
Plant = Callable[[Volume], Volume]


@pytest.fixture(scope="module")
def sound(cohort_folder: Path) -> tuple[Case, ...]:
    return read_cohort(cohort_folder, modalities=MODALITIES)[:4]


@pytest.fixture(scope="module")
def checked(sound: tuple[Case, ...]) -> CohortCheck:
    return check_cohort(sound, modalities=MODALITIES)


def _check(*cases: Case) -> CohortCheck:
    return check_cohort(cases, modalities=MODALITIES)


def _with_target(case: Case, path: Path, plant: Plant) -> Case:
    write_volume(path, plant(read_volume(case.images["T1w"])))
    return replace(case, images={**case.images, "T1w": path})


def _problems(found: CohortCheck, severity: str) -> dict[str, str]:
    return {
        finding.case: finding.problem for finding in found.findings if finding.severity == severity
    }


def test_nothing_is_found_in_a_sound_cohort(checked: CohortCheck) -> None:
    assert checked.findings == ()
    assert checked.error_count == 0


def test_every_pair_is_measured_even_where_nothing_is_wrong(
    checked: CohortCheck, sound: tuple[Case, ...]
) -> None:
    assert [row.name for row in checked.rows] == [case.name for case in sound]
    for row in checked.rows:
        (pair,) = row.pairs
        assert pair.modality == "T1w"
        assert 1.1 < pair.nmi < 2
        assert pair.distance_mm < 1
        assert pair.missing < 0.01
        seen = row.ranges["FLAIR"]
        assert seen.minimum < seen.median < seen.maximum
        assert row.grids["T1w"].matches(row.grids["FLAIR"])


def test_progress_counts_the_cases(sound: tuple[Case, ...]) -> None:
    seen = RecordedProgress()
    check_cohort(sound[:2], modalities=("FLAIR",), progress=seen)
    assert seen.counts == [("checking", 1, 2), ("checking", 2, 2)]


def test_a_case_without_a_wanted_modality_is_refused(sound: tuple[Case, ...]) -> None:
    with pytest.raises(CohortError, match="lacks CT"):
        check_cohort(sound, modalities=("FLAIR", "CT"))


def test_an_unreadable_file_is_named_and_the_others_go_on(
    sound: tuple[Case, ...], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(sound[0].images["T1w"].read_bytes()[:-30])
    found = _check(replace(sound[0], images={**sound[0].images, "T1w": broken}), *sound[1:3])
    assert "broken.nii.gz: the gzip stream is cut off" in _problems(found, "error")[sound[0].name]
    assert [len(row.pairs) for row in found.rows] == [0, 1, 1]


def test_an_unreadable_source_is_named_too(sound: tuple[Case, ...], tmp_path: Path) -> None:
    (tmp_path / "broken.nii").write_text("no volume")
    broken = replace(sound[0], images={**sound[0].images, "FLAIR": tmp_path / "broken.nii"})
    found = _check(broken, sound[1])
    assert "text" in _problems(found, "error")[sound[0].name]
    assert list(found.rows[0].grids) == ["T1w"]


def test_what_a_file_is_read_with_as_a_warning_is_a_warning(
    sound: tuple[Case, ...], tmp_path: Path
) -> None:
    misnamed = tmp_path / "misnamed.nii"
    misnamed.write_bytes(sound[0].images["T1w"].read_bytes())
    found = _check(replace(sound[0], images={**sound[0].images, "T1w": misnamed}))
    assert "gzipped although" in _problems(found, "warning")[sound[0].name]


def test_a_target_flipped_left_to_right_is_an_error(
    sound: tuple[Case, ...], tmp_path: Path
) -> None:
    def flip(volume: Volume) -> Volume:
        return volume.with_voxels(volume.voxels[::-1])

    found = _check(_with_target(sound[0], tmp_path / "f.nii.gz", flip), *sound[1:])
    assert "T1w is flipped left to right" in _problems(found, "error")[sound[0].name]
    assert len(found.findings) == 1


@pytest.mark.parametrize(("distance", "severity"), [(2.5, "warning"), (9.0, "error")])
def test_a_shifted_target_is_found_with_the_size_of_the_shift(
    sound: tuple[Case, ...], tmp_path: Path, distance: float, severity: str
) -> None:
    def shift(volume: Volume) -> Volume:
        affine = volume.grid.affine.copy()
        affine[1, 3] -= distance
        return replace(volume, grid=Grid(volume.grid.shape, affine))

    found = _check(_with_target(sound[0], tmp_path / "s.nii.gz", shift), *sound[1:])
    assert "T1w is shifted by" in _problems(found, severity)[sound[0].name]
    # 1 mm is a quarter of a lattice step.
    assert found.rows[0].pairs[0].shift_mm == pytest.approx((0, -distance, 0), abs=1.0)


def test_targets_of_two_people_that_were_exchanged_are_errors_naming_each_other(
    sound: tuple[Case, ...],
) -> None:
    one, two, *rest = sound
    images = (one.images, two.images)
    mixed = (
        replace(one, images={**images[0], "T1w": images[1]["T1w"]}),
        replace(two, images={**images[1], "T1w": images[0]["T1w"]}),
    )
    problems = _problems(_check(*mixed, *rest), "error")
    assert f"another person: the T1w of {two.name} fits better" in problems[one.name]
    assert f"another person: the T1w of {one.name} fits better" in problems[two.name]
    assert len(problems) == 2


def test_a_target_that_shows_a_part_of_the_head_is_a_warning_with_the_share(
    sound: tuple[Case, ...], tmp_path: Path
) -> None:
    def cut(volume: Volume) -> Volume:
        voxels = volume.voxels.copy()
        heights = np.flatnonzero((voxels > 100).any(axis=(0, 1)))
        voxels[:, :, heights[-5] :] = 0
        return volume.with_voxels(voxels)

    found = _check(_with_target(sound[0], tmp_path / "c.nii.gz", cut), *sound[1:])
    missing = found.rows[0].pairs[0].missing
    assert 0.05 < missing < 0.25
    expected = f"does not cover {missing:.0%} of the head"
    assert expected in _problems(found, "warning")[sound[0].name]
    assert found.error_count == 0


def test_an_empty_mask_is_an_error(sound: tuple[Case, ...], tmp_path: Path) -> None:
    volume = read_volume(sound[0].images["FLAIR"])
    write_volume(tmp_path / "m.nii.gz", volume.with_voxels(np.zeros_like(volume.voxels)))
    found = _check(replace(sound[0], mask=tmp_path / "m.nii.gz"))
    assert "m.nii.gz: the mask is empty" in _problems(found, "error")[sound[0].name]


def test_a_mask_on_another_grid_is_an_error(sound: tuple[Case, ...], tmp_path: Path) -> None:
    volume = read_volume(sound[0].images["FLAIR"])
    cut = Volume(volume.voxels[1:], Grid(volume.voxels[1:].shape, volume.grid.affine))
    write_volume(tmp_path / "m.nii.gz", cut)
    found = _check(replace(sound[0], mask=tmp_path / "m.nii.gz"))
    assert "the mask lies on another grid" in _problems(found, "error")[sound[0].name]


def test_an_unreadable_mask_is_an_error(sound: tuple[Case, ...], tmp_path: Path) -> None:
    found = _check(replace(sound[0], mask=tmp_path / "absent.nii.gz"))
    assert "absent.nii.gz: cannot be opened" in _problems(found, "error")[sound[0].name]


def test_a_person_in_two_splits_is_an_error(sound: tuple[Case, ...]) -> None:
    again = replace(sound[0], name="again", split="test")
    found = _check(sound[0], again)
    assert _problems(found, "error").keys() == {sound[0].name, "again"}
    assert "is in train and test" in found.findings[0].problem


@pytest.fixture
def scanned_again(sound: tuple[Case, ...], tmp_path: Path) -> Case:
    """The first person under another name, with other noise and 3 mm lower in the scanner."""
    images = {}
    for number, (modality, path) in enumerate(sound[0].images.items()):
        volume = read_volume(path)
        noise = np.random.default_rng(number).normal(0, 0.02, volume.grid.shape)
        voxels = volume.voxels + (noise * volume.voxels.max()).astype(np.float32)
        affine = volume.grid.affine.copy()
        affine[2, 3] -= 3
        images[modality] = tmp_path / f"again_{modality}.nii.gz"
        write_volume(images[modality], Volume(voxels, Grid(volume.grid.shape, affine)))
    return replace(sound[0], subject="other", name="other", images=images, mask=None)


def test_one_person_under_two_names_in_two_splits_is_an_error(
    sound: tuple[Case, ...], scanned_again: Case
) -> None:
    found = _check(*sound, replace(scanned_again, split="test"))
    problem = _problems(found, "error")[sound[0].name]
    assert problem == (
        f"seems to show the same person as other, but {sound[0].name} is in train and other in test"
    )
    assert len(found.findings) == 1


def test_one_person_under_two_names_in_one_split_is_nothing(
    sound: tuple[Case, ...], scanned_again: Case
) -> None:
    assert _check(*sound, scanned_again).findings == ()


def test_one_person_under_two_names_in_a_cohort_without_splits_is_a_warning(
    sound: tuple[Case, ...], scanned_again: Case
) -> None:
    found = _check(*(replace(case, split=None) for case in (*sound, scanned_again)))
    assert found.error_count == 0
    problem = _problems(found, "warning")[sound[0].name]
    assert problem == "seems to show the same person as other, under another name"


def test_a_folder_that_may_not_be_read_does_not_stop_the_check(
    sound: tuple[Case, ...], tmp_path: Path
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    write_volume(tmp_path / "v.nii.gz", read_volume(sound[0].images["T1w"]))
    (tmp_path / "v.nii.gz").chmod(0)
    images = {**sound[0].images, "T1w": tmp_path / "v.nii.gz"}
    assert _check(replace(sound[0], images=images)).error_count == 1
