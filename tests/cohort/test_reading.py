"""Reading a cohort from any supported path."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.cohort import read_cohort, survey_cohort
from crossvox.errors import CohortError, CohortWarning
from crossvox.files import NOTICE, write_volume
from crossvox.volume import Volume

Place = Callable[..., Path]


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


def test_what_is_left_out_is_said_in_one_line_with_the_reasons(place: Place) -> None:
    root = place("a_FLAIR.nii", "a_T1w.nii", "b_FLAIR.nii", "c_FLAIR.nii", "c_T1W.nii")
    reading = survey_cohort(root, modalities=("FLAIR", "T1w"))
    assert reading.left_out == {"b": "lacks T1w", "c": "lacks T1w (has T1W?)"}
    assert reading.remarks == ("2 of 3 cases are left out: b lacks T1w; c lacks T1w (has T1W?)",)


def test_of_many_left_out_the_first_are_named(place: Place) -> None:
    root = place("a_FLAIR.nii", "a_T1w.nii", *(f"p{number}_FLAIR.nii" for number in range(7)))
    with pytest.warns(CohortWarning, match=r"7 of 8 .*: p0 lacks .*p4 lacks T1w, and 2 more"):
        read_cohort(root, modalities=("FLAIR", "T1w"))


def test_a_modality_in_other_letters_is_understood_and_that_is_said(place: Place) -> None:
    root = place("a_FLAIR.nii", "a_T1w.nii")
    reading = survey_cohort(root, modalities=("flair", "t1"))
    assert reading.modalities == ("FLAIR", "T1w")
    assert reading.notes == (
        "no modality flair here; using FLAIR",
        "no modality t1 here; using T1w",
    )
    with pytest.warns(CohortWarning, match="here; using FLAIR"):
        (case,) = read_cohort(root, modalities=("flair",))
    assert case.images == {"flair": root / "a_FLAIR.nii"}


def test_a_modality_that_nothing_resembles_is_refused_with_the_nearest(place: Place) -> None:
    root = place("a_FLAIR.nii", "a_T1w.nii")
    with pytest.raises(CohortError, match=r"no modality fliar; did you mean FLAIR\? "):
        read_cohort(root, modalities=("fliar", "T1w"))


def test_a_modality_that_two_spellings_fit_is_not_guessed(place: Place) -> None:
    root = place("a_T1w.nii", "a_t1w.nii")
    with pytest.raises(CohortError, match="no modality T1; did you mean"):
        read_cohort(root, modalities=("T1", "CT"))


@pytest.fixture
def filled_in(place: Place, some_volume: Volume) -> Path:
    """Cohort of two people; the second person's T1w is synthesized."""
    root = place("a_FLAIR.nii", "a_T1w.nii", "b_FLAIR.nii")
    write_volume(root / "b_T1w.nii", some_volume, description=NOTICE)
    return root


def test_a_synthesized_volume_is_no_image_of_a_cohort_and_that_is_said(filled_in: Path) -> None:
    reading = survey_cohort(filled_in, modalities=("FLAIR", "T1w"))
    assert [case.name for case in reading.cases] == ["a"]
    assert reading.left_out == {"b": "has only a synthesized T1w"}
    everything = survey_cohort(filled_in)
    assert [list(case.images) for case in everything.cases] == [["FLAIR", "T1w"], ["FLAIR"]]
    assert everything.notes == ("1 synthesized volume is left out, such as b_T1w.nii",)


def test_synthesized_volumes_are_taken_where_asked_for(filled_in: Path) -> None:
    reading = survey_cohort(filled_in, modalities=("FLAIR", "T1w"), synthesized="taken")
    assert [case.name for case in reading.cases] == ["a", "b"]
    assert not reading.remarks


def test_a_real_volume_goes_before_a_synthesized_one_of_the_same_modality(
    place: Place, some_volume: Volume
) -> None:
    root = place("sub-1/anat/sub-1_acq-a_T1w.nii")
    synthesized = root / "sub-1/anat/sub-1_desc-synth_T1w.nii"
    write_volume(synthesized, some_volume, description=NOTICE)
    (case,) = read_cohort(root, modalities=("T1w",))
    assert case.images["T1w"].name == "sub-1_acq-a_T1w.nii"
