from pathlib import Path

import pytest

from crossvox.errors import CohortError
from crossvox.scoring.file_index import IndexedVolume, index_volumes


def touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def wanted(root: Path, name: str) -> IndexedVolume:
    return index_volumes("synthesized", touch(root / "made", name)).volumes[0]


def test_a_shelf_holds_volumes_but_no_derivatives_hidden_or_other_files(tmp_path: Path) -> None:
    root = touch(
        tmp_path / "bids",
        "sub-01/anat/sub-01_T1w.nii.gz",
        "sub-01/anat/sub-01_T1w.json",
        "derivatives/x/sub-01_T1w.nii.gz",
        ".cache/sub-01_T1w.nii.gz",
    )
    assert [found.path.name for found in index_volumes("reference", root).volumes] == [
        "sub-01_T1w.nii.gz"
    ]


def test_a_partner_is_the_volume_of_the_same_person_and_session(tmp_path: Path) -> None:
    root = touch(tmp_path / "b", "sub-01_ses-1_T1w.nii", "sub-01_ses-2_T1w.nii", "sub-02_T1w.nii")
    references = index_volumes("reference", root)
    made = wanted(tmp_path, "sub-01_ses-2_desc-synth_T1w.nii")
    assert references.partner_of(made) == root / "sub-01_ses-2_T1w.nii"
    assert references.partner_of(wanted(tmp_path / "b2", "sub-03_T1w.nii")) is None


def test_an_unprocessed_volume_and_the_same_acquisition_are_preferred(tmp_path: Path) -> None:
    names = ("sub-01_run-1_T1w.nii", "sub-01_run-2_T1w.nii", "sub-01_run-2_desc-x_T1w.nii")
    references = index_volumes("reference", touch(tmp_path / "b", *names))
    made = wanted(tmp_path, "sub-01_run-2_desc-synth_T1w.nii")
    assert references.partner_of(made) == tmp_path / "b" / "sub-01_run-2_T1w.nii"


def test_several_volumes_that_would_do_are_refused_by_name(tmp_path: Path) -> None:
    references = index_volumes(
        "reference", touch(tmp_path / "b", "sub-01_T1w.nii", "sub-01_T2w.nii")
    )
    with pytest.raises(CohortError, match=r"sub-01_T1w.nii, sub-01_T2w.nii"):
        references.partner_of(wanted(tmp_path, "sub-01_desc-synth_T1w.nii"))


def test_a_missing_path_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="no such reference"):
        index_volumes("reference", tmp_path / "nowhere")
    with pytest.raises(CohortError, match="no reference volume"):
        index_volumes("reference", tmp_path)
