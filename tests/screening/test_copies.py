"""Duplicate volumes are found before cases are compared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crossvox.cohort import Case, read_cohort
from crossvox.files import read_volume, write_volume
from crossvox.screening import CohortCheck, check_cohort
from crossvox.screening.copies import report_copies
from crossvox.screening.examine import ExaminedCase

MODALITIES = ("FLAIR", "T1w")


@pytest.fixture(scope="module")
def sound(cohort_folder: Path) -> tuple[Case, ...]:
    return read_cohort(cohort_folder, modalities=MODALITIES)[:3]


def _with(case: Case, modality: str, path: Path) -> Case:
    return replace(case, images={**case.images, modality: path})


def _copies(found: CohortCheck) -> list[tuple[str, str, str]]:
    return [
        (finding.case, finding.severity, finding.problem.split(" (")[0])
        for finding in found.findings
        if " same " in finding.problem
    ]


def test_one_target_file_for_two_people_is_an_error(sound: tuple[Case, ...]) -> None:
    mixed = _with(sound[1], "T1w", sound[0].images["T1w"])
    found = check_cohort((sound[0], mixed, sound[2]), modalities=MODALITIES)
    expected = f"T1w is the same file as T1w of {sound[0].name}"
    assert _copies(found) == [(sound[1].name, "error", expected)]


def test_a_copy_in_another_format_and_data_type_is_found_by_its_voxels(
    sound: tuple[Case, ...], tmp_path: Path
) -> None:
    volume = read_volume(sound[0].images["FLAIR"])
    whole = volume.with_voxels(np.rint(volume.voxels))
    write_volume(tmp_path / "a.nii.gz", replace(whole, stored_as="int16"))
    write_volume(tmp_path / "b.nii", replace(whole, stored_as="float32"))
    cases = (
        _with(sound[0], "FLAIR", tmp_path / "a.nii.gz"),
        _with(sound[1], "FLAIR", tmp_path / "b.nii"),
    )
    found = check_cohort(cases, modalities=MODALITIES)
    expected = f"FLAIR has the same voxels as FLAIR of {sound[0].name}"
    assert (sound[1].name, "error", expected) in _copies(found)


def test_one_file_for_source_and_target_is_an_error(sound: tuple[Case, ...]) -> None:
    same = _with(sound[0], "T1w", sound[0].images["FLAIR"])
    found = check_cohort((same, *sound[1:]), modalities=MODALITIES)
    assert _copies(found) == [(sound[0].name, "error", "T1w is the same file as FLAIR")]


def test_a_target_with_the_voxels_of_the_source_is_an_error(
    sound: tuple[Case, ...], tmp_path: Path
) -> None:
    write_volume(tmp_path / "t.nii", read_volume(sound[0].images["FLAIR"]))
    found = check_cohort((_with(sound[0], "T1w", tmp_path / "t.nii"),), modalities=MODALITIES)
    assert _copies(found) == [(sound[0].name, "error", "T1w has the same voxels as FLAIR")]


def test_one_target_for_two_sessions_of_a_person_is_a_warning(sound: tuple[Case, ...]) -> None:
    later = replace(sound[0], name="later", images={**sound[1].images})
    later = _with(later, "T1w", sound[0].images["T1w"])
    found = check_cohort((sound[0], later), modalities=MODALITIES)
    expected = f"T1w is the same file as T1w of {sound[0].name}"
    assert ("later", "warning", expected) in _copies(found)


def test_copies_are_found_among_any_number_of_people(cohort_folder: Path) -> None:
    (file,) = cohort_folder.glob("sub-01/anat/*_FLAIR.nii.gz")
    people = [
        ExaminedCase(
            case=Case(subject=f"p{number}", name=f"p{number}", images={"FLAIR": file}),
            voxels_sha256={"FLAIR": f"{min(number, 2998)}"},
        )
        for number in range(3000)
    ]
    report_copies(people)
    assert [case.case.name for case in people if case.findings] == ["p2999"]
    assert "the same file as FLAIR of p2998" in people[-1].findings[0].problem
