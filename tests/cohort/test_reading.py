"""The door to cohorts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.cohort import read_cohort
from crossvox.errors import CohortError


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="there is no such file or folder"):
        read_cohort(tmp_path / "absent")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="holds no volumes"):
        read_cohort(tmp_path)
    with pytest.raises(CohortError, match="holds no volumes"):
        read_cohort(tmp_path, modalities=("FLAIR",))


def test_images_are_those_wanted_in_the_order_wanted(place: Callable[..., Path]) -> None:
    root = place("p1_FLAIR.nii", "p1_T1w.nii", "p1_T2w.nii")
    (case,) = read_cohort(root, modalities=("T2w", "FLAIR"))
    assert list(case.images) == ["T2w", "FLAIR"]


def test_the_phantom_is_read_with_masks_and_splits(cohort_folder: Path) -> None:
    cases = read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))
    assert len(cases) == 6
    assert {case.split for case in cases} == {"train", "validation", "test"}
    assert all(case.mask is not None for case in cases)


def test_no_case_at_all_lists_only_the_first_that_lack(place: Callable[..., Path]) -> None:
    root = place(*(f"p{number}_T1w.nii" for number in range(8)))
    with pytest.raises(CohortError, match="p4 lacks CT, and 3 more"):
        read_cohort(root, modalities=("CT", "T1w"))
