"""A cohort of files to files."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from crossvox.acceleration.compute import Compute
from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError
from crossvox.files import read_volume, write_volume
from crossvox.synthesis.predict import (
    DEFAULTS,
    Predicted,
    PredictOptions,
    find_cases,
    output_path,
    predict,
)
from crossvox.synthesis.store import load_synthesizer, read_description
from crossvox.training.train import Trained
from crossvox.volume import Forms, Grid, Volume

FLAIR = "sub-01/anat/sub-01_FLAIR.nii.gz"
OBLIQUE = np.array([[-0.9, 0.1, 0, 3], [0.1, 0.8, 0.5, -8], [0.05, -0.3, 3.9, 20], [0, 0, 0, 1.0]])


def run(
    trained: Trained, cases: tuple[Case, ...], out: Path, *, options: PredictOptions = DEFAULTS
) -> Predicted:
    synthesizer = load_synthesizer(trained.folder, compute=Compute(device="cpu", bf16=False))
    description = read_description(trained.folder)
    return predict(synthesizer, description, cases, out, options=options)


def test_a_file_goes_to_a_file_on_its_own_oblique_left_handed_thick_grid(
    trained: Trained, tmp_path: Path
) -> None:
    voxels = np.random.default_rng(0).integers(0, 900, (24, 20, 9)).astype(np.float32)
    source = tmp_path / "patient.nii.gz"
    write_volume(source, Volume(voxels, Grid((24, 20, 9), OBLIQUE), stored_as="int16"))
    out = tmp_path / "synthesized.nii.gz"
    run(trained, find_cases(source, read_description(trained.folder)), out)
    given, made = read_volume(source), read_volume(out)
    assert np.array_equal(made.grid.affine, given.grid.affine)
    assert made.grid.shape == given.grid.shape
    assert made.stored_as == "int16"


def test_a_bids_folder_gives_valid_bids_derivatives(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    cases = find_cases(cohort_folder, read_description(trained.folder))
    made = run(trained, cases, tmp_path)
    assert tmp_path / "sub-01/anat/sub-01_desc-synth_T1w.nii.gz" in made.written
    assert len(made.written) == 6
    validator = Path(sys.executable).with_name("bids-validator-deno")
    report = subprocess.run(
        [validator, tmp_path, "--json"], capture_output=True, text=True, check=False
    )
    issues = json.loads(report.stdout)["issues"]["issues"]
    assert [one for one in issues if one["severity"] == "error"] == []


def test_the_sidecar_says_what_made_it_and_that_it_is_synthetic(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    cases = find_cases(cohort_folder, read_description(trained.folder))[:1]
    run(trained, cases, tmp_path)
    sidecar = json.loads((tmp_path / "sub-01/anat/sub-01_desc-synth_T1w.json").read_text())
    assert sidecar["ModelSHA256"] == read_description(trained.folder).sha256
    assert sidecar["Sources"] == ["sub-01/anat/sub-01_FLAIR.nii.gz"]
    assert sidecar["Notice"] == "Synthetic, not for diagnosis"
    assert sidecar["SkullStripped"] is False


def test_what_is_there_is_skipped_and_made_again_when_asked(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    cases = find_cases(cohort_folder, read_description(trained.folder))[:2]
    first = run(trained, cases[:1], tmp_path)
    second = run(trained, cases, tmp_path)
    assert second.skipped == first.written
    assert len(second.written) == 1
    assert (
        len(run(trained, cases, tmp_path, options=PredictOptions(overwrite="always")).written) == 2
    )


def test_one_after_the_other_gives_the_same_volumes(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    cases = find_cases(cohort_folder, read_description(trained.folder))[:2]
    together = run(trained, cases, tmp_path / "a").written
    alone = run(trained, cases, tmp_path / "b", options=PredictOptions(overlap="nothing")).written
    assert [path.name for path in alone] == [path.name for path in together]
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(read_volume(one).voxels, read_volume(other).voxels)


def test_only_what_other_weights_made_is_made_again_when_asked(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    cases = find_cases(cohort_folder, read_description(trained.folder))[:2]
    first = run(trained, cases, tmp_path)
    other = tmp_path / "sub-02/anat/sub-02_desc-synth_T1w.json"
    other.write_text(other.read_text().replace(read_description(trained.folder).sha256, "other"))
    second = run(trained, cases, tmp_path, options=PredictOptions(overwrite="stale"))
    assert second.skipped == first.written[:1]
    assert second.written == first.written[1:]


def test_what_was_synthesized_into_a_flat_folder_is_no_source(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    description = read_description(trained.folder)
    for name in ("anna", "bert"):
        shutil.copy(cohort_folder / "sub-01/anat/sub-01_FLAIR.nii.gz", tmp_path / f"{name}.nii.gz")
    cases = find_cases(tmp_path, description)
    run(trained, cases, tmp_path)
    assert len(list(tmp_path.glob("*.nii.gz"))) == 4
    assert find_cases(tmp_path, description) == cases


def test_a_study_is_never_written_into_and_keeps_its_description(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    study = Path(shutil.copytree(cohort_folder, tmp_path / "study"))
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    cases = find_cases(study, read_description(trained.folder))
    with pytest.raises(CohortError, match=r"give .*study/derivatives/crossvox"):
        run(trained, cases, study)
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before
    made = run(trained, cases[:1], study / "derivatives/crossvox").written
    assert made[0].is_relative_to(study / "derivatives/crossvox/sub-01/anat")
    assert len(find_cases(study, read_description(trained.folder))) == 6


def test_what_stands_in_the_way_of_the_last_case_is_found_before_the_first_is_made(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    cases = find_cases(cohort_folder, read_description(trained.folder))
    theirs = tmp_path / "sub-06/anat/sub-06_desc-synth_T1w.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text('{"EchoTime": 0.003}')
    with pytest.raises(CohortError, match=r"sub-06_desc-synth_T1w\.json was not written by"):
        run(trained, cases, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [theirs]
    made = run(trained, cases, tmp_path, options=PredictOptions(overwrite="always"))
    assert len(made.written) == 6
    assert "EchoTime" not in theirs.read_text()


def test_a_model_that_names_a_path_writes_nothing(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    preparation = read_description(trained.folder).preparation
    evil = replace(preparation, target_modality="x/../../victim/config")
    (case,) = find_cases(cohort_folder / FLAIR, read_description(trained.folder))
    path = output_path(case, tmp_path / "out", evil)
    description = replace(read_description(trained.folder), preparation=evil)
    synthesizer = load_synthesizer(trained.folder, compute=Compute(device="cpu", bf16=False))
    with pytest.raises(CohortError, match="lies outside"):
        predict(synthesizer, description, [case], tmp_path / "out")
    assert not path.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("codes", [(2, 1), (0, 1), (4, 0), (1, 3)])
def test_codes_of_sform_and_qform_come_back_as_they_came(
    trained: Trained, cohort_folder: Path, tmp_path: Path, codes: tuple[int, int]
) -> None:
    source = read_volume(cohort_folder / FLAIR)
    forms = Forms(sform_code=codes[0], qform_code=codes[1])
    grid = replace(source.grid, forms=forms)
    write_volume(tmp_path / "p_FLAIR.nii.gz", replace(source, grid=grid))
    cases = find_cases(tmp_path / "p_FLAIR.nii.gz", read_description(trained.folder))
    run(trained, cases, tmp_path / "out.nii.gz")
    made = nibabel.Nifti1Image.from_filename(tmp_path / "out.nii.gz")
    given = nibabel.Nifti1Image.from_filename(tmp_path / "p_FLAIR.nii.gz")
    assert (int(made.header["sform_code"]), int(made.header["qform_code"])) == codes
    np.testing.assert_allclose(made.affine, given.affine, atol=1e-5)  # a quaternion of float32


def test_a_case_that_is_there_twice_is_refused(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    (case,) = find_cases(cohort_folder / FLAIR, read_description(trained.folder))
    with pytest.raises(CohortError, match="two cases have the same name"):
        run(trained, (case, case), tmp_path)


def test_a_broken_file_is_named_and_the_others_go_on(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(cohort_folder, tmp_path / "data"))
    broken = data / "sub-02/anat/sub-02_FLAIR.nii.gz"
    broken.write_bytes(broken.read_bytes()[:500])
    made = run(trained, find_cases(data, read_description(trained.folder)), tmp_path / "out")
    assert list(made.failed) == ["sub-02"]
    assert "sub-02_FLAIR.nii.gz" in made.failed["sub-02"]
    assert len(made.written) == 5
    assert not (tmp_path / "out/sub-02/anat/sub-02_desc-synth_T1w.nii.gz").exists()


def test_a_flat_folder_of_files_is_taken_as_the_source_modality(
    trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "flat"
    folder.mkdir()
    for name in ("anna", "bert"):
        shutil.copy(
            cohort_folder / "sub-01/anat/sub-01_FLAIR.nii.gz", folder / f"{name}_FLAIR.nii.gz"
        )
    shutil.copy(cohort_folder / "sub-01/anat/sub-01_T1w.nii.gz", folder / "anna_T1w.nii.gz")
    description = read_description(trained.folder)
    cases = find_cases(folder, description)
    out = tmp_path / "out"
    names = [output_path(case, out, description.preparation).name for case in cases]
    assert names == ["anna_desc-synth_T1w.nii.gz", "bert_desc-synth_T1w.nii.gz"]


def test_a_single_file_cannot_serve_two_source_modalities(
    trained: Trained, cohort_folder: Path
) -> None:
    description = read_description(trained.folder)
    two = type(description)(
        **{
            **vars(description),
            "preparation": type(description.preparation)(
                **{**vars(description.preparation), "source_modalities": ("FLAIR", "T2w")}
            ),
        }
    )
    with pytest.raises(CohortError, match="FLAIR, T2w"):
        find_cases(cohort_folder / "sub-01/anat/sub-01_FLAIR.nii.gz", two)


def test_cases_of_a_cohort_are_those_that_training_reads(
    trained: Trained, cohort_folder: Path
) -> None:
    found = find_cases(cohort_folder, read_description(trained.folder))
    names = [case.name for case in read_cohort(cohort_folder, modalities=("FLAIR",))]
    assert [case.name for case in found] == names
