"""Which files are sources, by their names and their notice."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crossvox.errors import CohortError, CohortWarning
from crossvox.files import NOTICE, write_volume
from crossvox.synthesis.sources import find_sources, reason_not_a_source
from crossvox.volume import Grid, Volume

Made = Callable[..., Path]


@pytest.fixture
def volume(tmp_path: Path) -> Made:
    """Writes a small volume of some name."""

    def write(name: str, *, description: str = "") -> Path:
        voxels = np.random.default_rng(0).random((4, 4, 4)).astype(np.float32)
        path = tmp_path / name
        write_volume(path, Volume(voxels, Grid((4, 4, 4), np.eye(4))), description=description)
        return path

    return write


@pytest.mark.parametrize(
    ("name", "modality"),
    [
        ("sub-01_FLAIR", "FLAIR"),
        ("sub-01_ses-t2_acq-t1_space-T1w_FLAIR", "FLAIR"),
        ("BraTS2021_00001_flair", "FLAIR"),
        ("BraTS-GLI-00001-000-t2f", "FLAIR"),
        ("BraTS-GLI-00001-000-t1n", "T1w"),
        ("patient_2_FLAIR", "FLAIR"),
        ("p1_T2_FLAIR", "FLAIR"),
        ("p1_FLAIR_to_T1", "FLAIR"),
        ("p1_FLAIR_brain", "FLAIR"),
        ("anna", "FLAIR"),
        ("case_0000", "FLAIR"),
        ("p1_t1", "T1w"),
        ("p1_T1w", "MR"),
        ("p1_mr", "T2w"),
        ("p1_ct", "CT"),
        ("p1_seg", "seg"),
    ],
)
def test_a_name_of_the_modality_or_of_none_is_a_source(
    volume: Made, name: str, modality: str
) -> None:
    assert reason_not_a_source(volume(f"{name}.nii.gz"), modality) == ""


@pytest.mark.parametrize(
    ("name", "modality", "told"),
    [
        ("sub-01_T1w", "FLAIR", "is T1w by its name"),
        ("sub-01_space-FLAIR_T1w", "FLAIR", "is T1w by its name"),
        ("p1_t1", "FLAIR", "is T1w by its name"),
        ("t2", "FLAIR", "is T2w by its name"),
        ("p1_T1_to_FLAIR", "FLAIR", "is T1w by its name"),
        ("p1_T1w_brain", "FLAIR", "is T1w by its name"),
        ("BraTS-GLI-00001-000-t1c", "T1w", "is t1c by its name"),
        ("p1_ct", "T1w", "is CT by its name"),
        ("p1_ct", "MR", "is CT by its name"),
        ("p1_mr", "CT", "is MR by its name"),
        ("p1_cbct", "CT", "is CBCT by its name"),
        ("BraTS2021_00001_seg", "FLAIR", "is a mask or segmentation (seg) by its name"),
        ("BraTS-GLI-00001-000-seg", "FLAIR", "is a mask or segmentation (seg) by its name"),
        ("sub-01_FLAIR-seg", "FLAIR", "is a mask or segmentation (seg) by its name"),
        ("sub-01_desc-brain_mask", "FLAIR", "is a mask or segmentation (mask) by its name"),
        ("sub-01_dseg", "FLAIR", "is a mask or segmentation (dseg) by its name"),
        ("p1_FLAIR_lesion", "FLAIR", "is a mask or segmentation (lesion) by its name"),
        ("p1_brainmask", "FLAIR", "is a mask or segmentation (brainmask) by its name"),
        ("p1_labels", "FLAIR", "is a mask or segmentation (labels) by its name"),
    ],
)
def test_a_name_of_another_modality_or_a_mask_is_none(
    volume: Made, name: str, modality: str, told: str
) -> None:
    assert reason_not_a_source(volume(f"{name}.nii.gz"), modality) == told


def test_a_single_file_of_another_modality_is_refused_and_a_table_overrules_its_name(
    volume: Made, tmp_path: Path
) -> None:
    file = volume("sub-01_T1w.nii.gz")
    told = r"sub-01_T1w\.nii\.gz is T1w by its name, but this model needs FLAIR"
    with pytest.raises(CohortError, match=told):
        find_sources(file, ("FLAIR",))
    table = tmp_path / "cases.csv"
    table.write_text(f"subject,FLAIR\nsub-01,{file.name}\n")
    (case,) = find_sources(table, ("FLAIR",)).cases
    assert case.images == {"FLAIR": file}


def test_a_flat_folder_of_other_modalities_holds_no_source(volume: Made, tmp_path: Path) -> None:
    for name in ("sub-01_T1w", "sub-02_T1w", "sub-02_seg"):
        volume(f"{name}.nii.gz")
    with pytest.raises(CohortError, match=r"holds no source; .* FLAIR: 3 file\(s\) left out"):
        find_sources(tmp_path, ("FLAIR",))


def test_a_flat_folder_gives_the_files_of_the_modality_whatever_their_capitals(
    volume: Made, tmp_path: Path
) -> None:
    for person in ("BraTS_1", "BraTS_2"):
        for modality in ("flair", "t1", "t2", "seg"):
            volume(f"{person}_{modality}.nii.gz")
    sources = find_sources(tmp_path, ("FLAIR",))
    assert [case.name for case in sources.cases] == ["BraTS_1", "BraTS_2"]
    assert sources.in_words().startswith("6 file(s) left out: BraTS_1_seg.nii.gz is a mask")
    assert sources.in_words().endswith("and 1 more")


def test_files_without_a_modality_are_sources_where_none_has_it(
    volume: Made, tmp_path: Path
) -> None:
    for name in ("anna", "bert"):
        volume(f"{name}.nii.gz")
    assert len(find_sources(tmp_path, ("FLAIR",)).cases) == 2
    volume("carl_FLAIR.nii.gz")
    sources = find_sources(tmp_path, ("FLAIR",))
    assert [case.name for case in sources.cases] == ["carl"]
    assert len(sources.left_out) == 2


def test_two_files_of_one_stem_are_refused_by_name(volume: Made, tmp_path: Path) -> None:
    one, other = volume("p1_FLAIR.nii"), volume("p1_FLAIR.nii.gz")
    with pytest.raises(CohortError, match=f"{one} and {other} are both p1; keep one"):
        find_sources(tmp_path, ("FLAIR",))


def test_a_synthesized_volume_is_no_source_by_its_header_alone(
    volume: Made, tmp_path: Path
) -> None:
    file = volume("p1_FLAIR.nii.gz", description=NOTICE)
    with pytest.raises(CohortError, match="was synthesized by crossvox"):
        find_sources(file, ("FLAIR",))
    volume("p2_FLAIR.nii.gz")
    assert [case.name for case in find_sources(tmp_path, ("FLAIR",)).cases] == ["p2"]


def test_a_synthesized_volume_in_a_study_is_left_out_and_said(
    volume: Made, cohort_folder: Path, tmp_path: Path
) -> None:
    study = Path(shutil.copytree(cohort_folder, tmp_path / "study"))
    synthetic = study / "sub-02/anat/sub-02_FLAIR.nii.gz"
    volume("a.nii.gz", description=NOTICE).replace(synthetic)
    with pytest.warns(CohortWarning, match="1 of 6 cases is left out: sub-02"):
        sources = find_sources(study, ("FLAIR",))
    assert len(sources.cases) == 5


def test_the_subject_of_a_single_file_is_the_person_in_its_name(volume: Made) -> None:
    (case,) = find_sources(volume("sub-01_ses-2_FLAIR.nii.gz"), ("FLAIR",)).cases
    assert (case.subject, case.name) == ("sub-01", "sub-01_ses-2")
