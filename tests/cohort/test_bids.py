"""Reading cohorts in BIDS."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.cohort import read_cohort, survey_cohort
from crossvox.errors import CohortError, CohortWarning, FileError

Place = Callable[..., Path]
ONE = "sub-01/anat/sub-01"
TWO = "sub-02/ses-b/anat/sub-02_ses-b"


def test_subjects_and_sessions_are_cases(place: Place) -> None:
    root = place(f"{ONE}_FLAIR.nii.gz", f"{ONE}_T1w.nii.gz", f"{TWO}_FLAIR.nii", f"{TWO}_T1w.nii")
    one, two = read_cohort(root)
    assert (one.subject, one.name, one.folder) == ("sub-01", "sub-01", Path("sub-01/anat"))
    assert (two.subject, two.name) == ("sub-02", "sub-02_ses-b")
    assert two.folder == Path("sub-02/ses-b/anat")
    assert two.images["T1w"] == root / f"{TWO}_T1w.nii"


def test_modalities_from_several_data_types_make_one_case(place: Place) -> None:
    root = place(f"{ONE}_T1w.nii.gz", "sub-01/pet/sub-01_pet.nii.gz")
    (case,) = read_cohort(root, modalities=("pet", "T1w"))
    assert list(case.images) == ["pet", "T1w"]
    assert case.folder == Path("sub-01/pet")


def test_cases_that_lack_a_wanted_modality_are_left_out(place: Place) -> None:
    root = place(f"{ONE}_FLAIR.nii.gz", f"{ONE}_T1w.nii.gz", f"{TWO}_FLAIR.nii.gz")
    with pytest.warns(CohortWarning, match="1 of 2 cases is left out: sub-02_ses-b lacks T1w"):
        (case,) = read_cohort(root, modalities=("FLAIR", "T1w"))
    assert case.name == "sub-01"


def test_subjects_without_any_volume_are_left_out_and_said(place: Place) -> None:
    root = place(f"{ONE}_T1w.nii.gz")
    (root / "sub-02/anat").mkdir(parents=True)
    reading = survey_cohort(root, modalities=("T1w",))
    assert reading.left_out == {"sub-02": "lacks T1w"}


def test_a_cohort_without_one_complete_case_is_refused_saying_what_lacks(place: Place) -> None:
    root = place(f"{ONE}_FLAIR.nii.gz", f"{TWO}_T1w.nii.gz")
    with pytest.raises(
        CohortError,
        match=r"no case has all of FLAIR, T1w; found FLAIR \(1\), T1w \(1\); sub-01 lacks T1w; "
        "sub-02_ses-b lacks FLAIR",
    ):
        read_cohort(root, modalities=("FLAIR", "T1w"))


@pytest.mark.parametrize("entity", ["run-2", "acq-fast", "desc-preproc"])
def test_the_file_without_a_further_entity_counts(place: Place, entity: str) -> None:
    root = place(f"{ONE}_T1w.nii.gz", f"{ONE}_{entity}_T1w.nii.gz")
    (case,) = read_cohort(root)
    assert case.images["T1w"].name == "sub-01_T1w.nii.gz"


def test_two_runs_are_refused_by_name(place: Place) -> None:
    root = place(f"{ONE}_run-1_T1w.nii.gz", f"{ONE}_run-2_T1w.nii.gz")
    with pytest.raises(CohortError, match=r"has 2 files of T1w: sub-01_run-1_T1w.*manifest"):
        read_cohort(root)


def test_two_runs_of_a_modality_that_is_not_wanted_do_not_matter(place: Place) -> None:
    root = place(f"{ONE}_run-1_T2w.nii.gz", f"{ONE}_run-2_T2w.nii.gz", f"{ONE}_T1w.nii.gz")
    assert len(read_cohort(root, modalities=("T1w",))) == 1


def test_participants_tell_the_split(place: Place) -> None:
    root = place(f"{ONE}_T1w.nii.gz", f"{TWO}_T1w.nii.gz")
    table = "participant_id\tage\tsplit\nsub-01\t7\ttrain\nsub-02\t8\tdev\n"
    (root / "participants.tsv").write_text(table)
    assert [case.split for case in read_cohort(root)] == ["train", "validation"]


def test_a_brain_mask_is_preferred_to_a_head_mask_and_that_to_one_not_described(
    place: Place,
) -> None:
    derived = "derivatives/masks"
    root = place(f"{ONE}_T1w.nii.gz", f"{derived}/{ONE}_mask.nii.gz")
    for kind in ("", "_desc-head", "_desc-brain"):
        place(f"{derived}/{ONE}{kind}_mask.nii.gz")
        assert read_cohort(root)[0].mask == root / f"{derived}/{ONE}{kind}_mask.nii.gz"


@pytest.mark.parametrize("kind", ["desc-lesion", "label-lesion", "desc-brain_label-WM"])
def test_a_mask_of_anything_else_restricts_nothing_and_that_is_said(
    place: Place, kind: str
) -> None:
    root = place(f"{ONE}_T1w.nii.gz", f"derivatives/masks/{ONE}_{kind}_mask.nii.gz")
    with pytest.warns(CohortWarning, match=f"1 mask is not used, such as .*{kind}_mask.nii.gz"):
        (case,) = read_cohort(root)
    assert case.mask is None


def test_a_mask_beside_the_images_is_found_and_is_no_modality(place: Place) -> None:
    root = place(f"{ONE}_T1w.nii.gz", f"{ONE}_mask.nii.gz")
    (case,) = read_cohort(root)
    assert list(case.images) == ["T1w"]
    assert case.mask == root / f"{ONE}_mask.nii.gz"


def test_a_mask_of_another_session_is_not_taken(place: Place) -> None:
    root = place(
        f"{TWO}_T1w.nii.gz", "derivatives/m/sub-02/ses-c/anat/sub-02_ses-c_desc-brain_mask.nii.gz"
    )
    assert read_cohort(root)[0].mask is None


def test_two_masks_of_one_kind_are_refused(place: Place) -> None:
    root = place(
        f"{ONE}_T1w.nii.gz",
        f"derivatives/a/{ONE}_desc-brain_mask.nii.gz",
        f"derivatives/b/{ONE}_desc-brain_mask.nii.gz",
    )
    with pytest.raises(CohortError, match="sub-01 has 2 masks"):
        read_cohort(root)


def test_hidden_and_half_written_files_are_not_seen(place: Place) -> None:
    root = place(f"{ONE}_T1w.nii.gz", "sub-01/anat/.77-ab-sub-01_FLAIR.nii.gz")
    assert list(read_cohort(root)[0].images) == ["T1w"]


def test_a_table_of_participants_that_is_not_utf_8_is_refused_by_name(place: Place) -> None:
    root = place(f"{ONE}_T1w.nii.gz")
    (root / "participants.tsv").write_bytes(
        "participant_id\tcity\nsub-01\tKöln\n".encode("latin-1")
    )
    with pytest.raises(FileError, match=r"participants\.tsv is not a UTF-8 CSV file"):
        read_cohort(root)


def test_a_table_of_participants_may_begin_with_a_byte_order_mark(place: Place) -> None:
    root = place(f"{ONE}_T1w.nii.gz")
    text = "participant_id\tcity\tsplit\nsub-01\tKöln\ttest\n"
    (root / "participants.tsv").write_text(text, encoding="utf-8-sig")
    assert read_cohort(root)[0].split == "test"


def test_an_unknown_split_is_refused_with_its_table(place: Place) -> None:
    root = place(f"{ONE}_T1w.nii.gz")
    (root / "participants.tsv").write_text("participant_id\tsplit\nsub-01\tsome\n")
    with pytest.raises(CohortError, match=r"participants\.tsv: unknown split 'some'"):
        read_cohort(root)


def test_a_mask_of_the_same_session_is_taken(place: Place) -> None:
    mask = "derivatives/m/sub-02/ses-b/anat/sub-02_ses-b_desc-brain_mask.nii.gz"
    root = place(f"{TWO}_T1w.nii.gz", mask)
    assert read_cohort(root)[0].mask == root / mask


def test_unused_masks_of_all_cases_are_counted(place: Place) -> None:
    masks = [f"{case}_desc-lesion_mask.nii.gz" for case in (ONE, TWO)]
    root = place(f"{ONE}_T1w.nii.gz", f"{TWO}_T1w.nii.gz", *masks)
    with pytest.warns(CohortWarning, match="2 masks are not used, such as .*sub-01_desc-lesion"):
        read_cohort(root)


def test_volumes_directly_in_the_folder_of_a_person_are_found(place: Place) -> None:
    root = place("sub-01/sub-01_T1w.nii.gz")
    assert read_cohort(root)[0].images["T1w"] == root / "sub-01/sub-01_T1w.nii.gz"


def test_a_folder_that_describes_itself_as_bids_is_read_as_bids(place: Place) -> None:
    root = place("p1_T1w.nii.gz")
    (root / "dataset_description.json").write_text("{}")
    with pytest.raises(CohortError):
        read_cohort(root)  # names without sub-
