"""Fields and defaults of a case."""

from pathlib import Path

from crossvox.cohort import SPLITS, Case


def test_a_case_needs_only_its_person_name_and_images() -> None:
    case = Case(subject="sub-01", name="sub-01_ses-2", images={"FLAIR": Path("a.nii.gz")})
    assert (case.mask, case.split, case.folder) == (None, None, Path())


def test_splits_stand_in_the_order_of_use() -> None:
    assert SPLITS == ("train", "validation", "test")
