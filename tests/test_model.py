"""Calling a trained model as a function."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

import crossvox
from crossvox.errors import CohortError, ModelError, SettingsError
from crossvox.training.train import Trained


@pytest.fixture(scope="module")
def model(trained: Trained) -> crossvox.Model:
    return crossvox.load(str(trained.folder), precise=True)


@pytest.fixture
def flair(cohort_folder: Path) -> Path:
    return cohort_folder / "sub-01/anat/sub-01_FLAIR.nii.gz"


def test_a_model_says_what_it_is(model: crossvox.Model, trained: Trained) -> None:
    assert model.source_modalities == ("FLAIR",)
    assert (model.target_modality, model.unit, model.method) == ("T1w", "arbitrary", "gan3d")
    assert model.step == trained.best_step
    assert model.settings["width"] == 4
    assert sum(map(len, model.people.values())) == 6
    assert "FLAIR to T1w" in repr(model)


def test_a_path_an_image_an_array_and_a_mapping_give_one_volume(
    model: crossvox.Model, flair: Path
) -> None:
    wanted = model(flair)
    image = nibabel.nifti1.load(flair)
    array = np.asarray(image.dataobj)
    assert wanted.modality == "T1w"
    assert wanted.grid.matches(crossvox.read_volume(flair).grid)
    for synthesized in (
        model(str(flair)),
        model(crossvox.read_volume(flair)),
        model(image),
        model((array, image.affine)),
        model(array, affine=image.affine),
        model({"flair": flair}),
    ):
        np.testing.assert_array_equal(synthesized.voxels, wanted.voxels)


def test_another_modality_is_refused(
    model: crossvox.Model, flair: Path, cohort_folder: Path
) -> None:
    with pytest.raises(SettingsError, match="a volume of T1w where FLAIR is needed"):
        model(crossvox.read_volume(flair, modality="T1w"))
    with pytest.raises(CohortError, match="this model needs FLAIR"):
        model(cohort_folder / "sub-01/anat/sub-01_T1w.nii.gz")


@pytest.mark.parametrize("count", [0, 2])
def test_another_number_of_sources_is_refused(
    model: crossvox.Model, flair: Path, count: int
) -> None:
    with pytest.raises(SettingsError, match=f"needs 1 source.*got {count}"):
        model(*[flair] * count)
    with pytest.raises(SettingsError, match="got 0"):
        model({"T2w": flair})


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no"):
        crossvox.load(tmp_path)
    with pytest.raises(SettingsError, match="run must be a path"):
        crossvox.load(3)  # type: ignore[arg-type]  # wrong on purpose
