"""Converting paths, images and arrays to volumes."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from crossvox.errors import FileError, GridError, SettingsError
from crossvox.files import read_volume, write_volume
from crossvox.files.conversion import volume_of
from crossvox.volume import Volume

AFFINE = np.array([[0, 2.0, 0, 5], [-3, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]])


@pytest.fixture
def array() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 100, (4, 5, 6)).astype(np.int16)


def test_a_path_a_nibabel_image_and_an_array_are_one_volume(
    array: np.ndarray, tmp_path: Path
) -> None:
    image = nibabel.nifti1.Nifti1Image(array, AFFINE)
    path = tmp_path / "a.nii.gz"
    nibabel.save(image, path)
    wanted = read_volume(path, modality="FLAIR")
    for given in (path, str(path), image, nibabel.nifti1.load(path), (array, AFFINE)):
        volume = volume_of(given, modality="FLAIR")
        np.testing.assert_array_equal(volume.voxels, wanted.voxels)
        assert volume.grid.matches(wanted.grid)
        assert (volume.modality, volume.stored_as) == ("FLAIR", "int16")
    np.testing.assert_array_equal(volume_of(array, affine=AFFINE).voxels, wanted.voxels)


def test_scaling_of_a_nibabel_image_is_applied(array: np.ndarray, tmp_path: Path) -> None:
    image = nibabel.nifti1.Nifti1Image(array, AFFINE)
    image.header.set_slope_inter(2, 10)
    nibabel.save(image, tmp_path / "a.nii")
    volume = volume_of(nibabel.nifti1.load(tmp_path / "a.nii"))
    np.testing.assert_allclose(volume.voxels, read_volume(tmp_path / "a.nii").voxels)


def test_a_volume_is_itself_and_gets_a_modality_where_it_has_none(some_volume: Volume) -> None:
    named = volume_of(some_volume, modality="FLAIR")
    assert named.modality == "FLAIR"
    assert volume_of(named, modality="T1w") is named


def test_a_last_axis_of_one_is_dropped(array: np.ndarray) -> None:
    assert volume_of((array[..., None], AFFINE)).grid.shape == (4, 5, 6)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (3, "a volume is a path"),
        (np.zeros((3, 3, 3)), "needs its affine"),
        ((np.ones((3, 3, 3)), np.eye(3)), "4 x 4"),
    ],
)
def test_what_is_no_volume_is_refused(given: object, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        volume_of(given)


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((3, 3)), "three axes"),
        (np.zeros((3, 3, 3, 2)), "three axes"),
        (np.zeros((3, 3, 3)), "shows nothing"),
        (np.full((3, 3, 3), np.nan), "NaN"),
        (np.zeros((3, 3, 3), dtype=complex), "complex"),
        (np.full((3, 3, 3), "a"), "three axes"),
    ],
)
def test_arrays_that_show_nothing_are_refused(array: np.ndarray, told: str) -> None:
    with pytest.raises(FileError, match=told):
        volume_of((array, np.eye(4)))


def test_an_impossible_affine_is_refused(array: np.ndarray) -> None:
    with pytest.raises(GridError):
        volume_of((array, np.zeros((4, 4))))


def test_what_was_converted_is_written_as_it_was(array: np.ndarray, tmp_path: Path) -> None:
    write_volume(tmp_path / "a.nii.gz", volume_of((array, AFFINE)))
    image = nibabel.nifti1.load(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(np.asarray(image.dataobj), array)
    np.testing.assert_allclose(image.affine, AFFINE)
