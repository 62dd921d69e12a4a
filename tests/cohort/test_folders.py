"""Reading cohorts from plain folders."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.cohort import read_cohort, survey_cohort
from crossvox.errors import CohortError

Place = Callable[..., Path]


def test_one_folder_for_each_modality_is_paired_by_name(place: Place) -> None:
    root = place("FLAIR/p1.nii.gz", "T1w/p1.nii.gz", "FLAIR/p2.nii.gz", "T1w/p2.nii.gz")
    one, two = read_cohort(root)
    assert (one.subject, one.name, one.folder) == ("p1", "p1", Path())
    assert two.images == {"FLAIR": root / "FLAIR/p2.nii.gz", "T1w": root / "T1w/p2.nii.gz"}


def test_names_in_modality_folders_may_carry_the_modality(place: Place) -> None:
    root = place("FLAIR/p1_FLAIR.nii.gz", "T1w/p1_T1w.nii.gz", "masks/p1_mask.nii.gz")
    (case,) = read_cohort(root, modalities=("FLAIR", "T1w"))
    assert (case.name, case.mask) == ("p1", root / "masks/p1_mask.nii.gz")


def test_one_folder_of_names_that_end_in_the_modality_is_paired(place: Place) -> None:
    root = place("sub-1_ses-2_FLAIR.nii", "sub-1_ses-2_T1w.nii", "sub-1_ses-2_mask.nii")
    (case,) = read_cohort(root)
    assert (case.subject, case.name) == ("sub-1", "sub-1_ses-2")
    assert sorted(case.images) == ["FLAIR", "T1w"]
    assert case.mask == root / "sub-1_ses-2_mask.nii"


def test_a_folder_for_each_person_is_kept_as_the_folder_of_the_case(place: Place) -> None:
    root = place("p1/p1_FLAIR.nii", "p1/p1_T1w.nii", "p2/p2_FLAIR.nii", "p2/p2_T1w.nii")
    cases = read_cohort(root)
    assert [(case.name, case.folder) for case in cases] == [("p1", Path("p1")), ("p2", Path("p2"))]


def test_both_halves_of_a_pair_of_files_are_one_volume(place: Place) -> None:
    root = place("FLAIR/p1.nii.gz", "T1w/p1.nii.gz")
    (root / "FLAIR/p2.hdr").touch()
    (root / "FLAIR/p2.img").touch()
    (case,) = (case for case in read_cohort(root) if case.name == "p2")
    assert case.images == {"FLAIR": root / "FLAIR/p2.hdr"}


def test_volumes_that_name_no_modality_are_of_the_only_one_wanted(place: Place) -> None:
    root = place("scan1.nii.gz", "patient_7.nii.gz", "p3_t1w.nii.gz", "p4_FLAIR.nii.gz")
    reading = survey_cohort(root, modalities=("FLAIR",))
    assert [case.name for case in reading.cases] == ["p4", "patient_7", "scan1"]
    assert reading.left_out == {"p3": "lacks FLAIR"}


def test_folders_of_modalities_are_known_in_other_letters_too(place: Place) -> None:
    root = place("flair/p1.nii.gz", "t1/p1.nii.gz")
    reading = survey_cohort(root, modalities=("FLAIR", "T1w"))
    assert [dict(case.images) for case in reading.cases] == [
        {"flair": root / "flair/p1.nii.gz", "t1": root / "t1/p1.nii.gz"}
    ]


def test_a_single_file_is_a_case_of_the_only_modality_wanted(place: Place) -> None:
    root = place("scan1.nii.gz")
    (case,) = read_cohort(root / "scan1.nii.gz", modalities=("FLAIR",))
    assert (case.subject, case.name) == ("scan1", "scan1")
    assert case.images == {"FLAIR": root / "scan1.nii.gz"}


def test_a_single_file_is_no_cohort_of_pairs(place: Place) -> None:
    with pytest.raises(CohortError, match="a single file"):
        read_cohort(place("scan1.nii.gz") / "scan1.nii.gz", modalities=("FLAIR", "T1w"))


def test_two_files_for_one_modality_are_refused(place: Place) -> None:
    root = place("FLAIR/p1.nii.gz", "FLAIR/p1.nii", "T1w/p1.nii.gz")
    with pytest.raises(CohortError, match="p1 has two files of FLAIR"):
        read_cohort(root)


def test_hidden_folders_are_not_modalities(place: Place) -> None:
    root = place("FLAIR/p1.nii.gz", "T1w/p1.nii.gz", ".T2w/p1.nii.gz")
    (case,) = read_cohort(root)
    assert list(case.images) == ["FLAIR", "T1w"]


def test_one_folder_alone_is_no_folder_of_a_modality(place: Place) -> None:
    root = place("scans/p1_FLAIR.nii.gz", "scans/p1_T1w.nii.gz")
    (case,) = read_cohort(root)
    assert list(case.images) == ["FLAIR", "T1w"]


def test_folders_of_other_modalities_do_not_hide_those_named_by_their_files(place: Place) -> None:
    root = place("a/p1_FLAIR.nii.gz", "a/p1_T1w.nii.gz", "b/p2_FLAIR.nii.gz", "b/p2_T1w.nii.gz")
    assert len(read_cohort(root, modalities=("FLAIR", "T1w"))) == 2
