from pathlib import Path

import pytest

from crossvox.scoring.file_names import name_of


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("sub-01_T1w", ("sub-01", "", "T1w")),
        ("sub-01_ses-2_desc-synth_T1w", ("sub-01", "ses-2", "T1w")),
        ("sub-01_ses-1_desc-brain_mask", ("sub-01", "ses-1", "mask")),
        ("anna_desc-synth_T1w", ("anna", "", "T1w")),
        ("anna_T1w", ("anna", "", "T1w")),
        ("anna", ("anna", "", "")),
        ("my-study_anna", ("my-study_anna", "", "")),
    ],
)
def test_a_name_tells_person_session_and_modality(
    stem: str, expected: tuple[str, str, str]
) -> None:
    found = name_of(Path(f"root/{stem}.nii.gz"), root=Path("root"), modality="T1w")
    assert (found.person, found.session, found.modality) == expected
    assert found.processed is ("desc-" in stem)


def test_a_file_named_after_its_modality_belongs_to_its_folder() -> None:
    found = name_of(Path("root/anna/T1w.nii"), root=Path("root"), modality="T1w")
    assert found.person == "anna"
    assert found.case == "anna"


def test_entities_of_the_acquisition_are_kept_apart_from_those_of_processing() -> None:
    path = Path("sub-01_run-2_space-MNI_T1w.nii.gz")
    found = name_of(path, root=path, modality=None)
    assert found.acquisition == {"run-2"}
    assert found.processed
