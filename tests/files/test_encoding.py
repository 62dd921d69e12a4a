"""Contents of written files."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.errors import FileError
from crossvox.files import ReadOptions, read_mask, read_volume, write_volume
from crossvox.volume import Forms, Grid, Volume

Affine = NDArray[np.float64]
NAMES = ("a.nii", "b.nii")
GRID = Grid((8, 9, 10), np.diag([-2.0, 2.5, 3.0, 1.0]))


def _volume(low: float, high: float, *, stored_as: str, grid: Grid = GRID) -> Volume:
    voxels = np.random.default_rng(0).uniform(low, high, grid.shape).astype(np.float32)
    return Volume(voxels, grid, stored_as=stored_as)


def test_the_same_volume_gives_the_same_bytes_whatever_the_name_and_time(tmp_path: Path) -> None:
    volume = _volume(0, 1000, stored_as="int16")
    write_volume(tmp_path / "a.nii.gz", volume)
    write_volume(tmp_path / "b.nii.gz", volume)
    content = (tmp_path / "a.nii.gz").read_bytes()
    assert content == (tmp_path / "b.nii.gz").read_bytes()
    assert content[3:8] == bytes(5)  # no file name, no time (RFC 1952)


def test_gzip_of_the_standard_library_reads_what_is_written(tmp_path: Path) -> None:
    volume = _volume(0, 1000, stored_as="float32")
    write_volume(tmp_path / "a.nii.gz", volume)
    write_volume(tmp_path / "a.nii", volume)
    plain = gzip.decompress((tmp_path / "a.nii.gz").read_bytes())
    assert plain == (tmp_path / "a.nii").read_bytes()


def test_voxels_that_came_as_float_are_kept_bit_for_bit(tmp_path: Path) -> None:
    volume = _volume(-1e-3, 1e5, stored_as="float64")
    write_volume(tmp_path / "a.nii.gz", volume)
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nii.gz").voxels, volume.voxels)


def test_voxels_that_came_as_integers_over_a_wide_range_are_rounded(tmp_path: Path) -> None:
    volume = _volume(-1000, 3000, stored_as="uint16")
    write_volume(tmp_path / "a.nii.gz", volume)
    read = read_volume(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read.voxels, np.rint(volume.voxels))
    assert read.stored_as == "int16"


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (-3.0, 200.0), (0.0, 70000.0), (-1e9, 1e9), (5000.0, 5001.0)]
)
def test_voxels_that_came_as_integers_over_another_range_are_scaled(
    tmp_path: Path, low: float, high: float
) -> None:
    volume = _volume(low, high, stored_as="int16")
    write_volume(tmp_path / "a.nii.gz", volume)
    error = np.abs(read_volume(tmp_path / "a.nii.gz").voxels - volume.voxels).max()
    # In addition to the stated bound, reading rounds to float32 once.
    rounding = np.spacing(np.float32(max(abs(low), abs(high)))) / 2
    assert error < np.ptp(volume.voxels) / 60000 + rounding


def test_labels_keep_their_whole_numbers(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 4, GRID.shape).astype(np.float32)
    write_volume(tmp_path / "a.nii.gz", Volume(labels, GRID, stored_as="uint8"))
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nii.gz").voxels, labels)


def test_a_constant_volume_keeps_its_value(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    write_volume(path, Volume(np.full(GRID.shape, 0.3, np.float32), GRID, stored_as="int16"))
    assert nibabel.Nifti1Image.from_filename(path).get_fdata().flat[0] == pytest.approx(0.3)
    assert read_mask(path).voxels.min() == 1


def test_a_rotated_grid_has_sform_and_qform_in_millimeters(tmp_path: Path) -> None:
    write_volume(tmp_path / "a.nii.gz", _volume(0, 1, stored_as="float32"))
    header = nibabel.Nifti1Image.from_filename(tmp_path / "a.nii.gz").header
    assert (int(header["sform_code"]), int(header["qform_code"])) == (1, 1)
    assert header.get_xyzt_units()[0] == "mm"
    np.testing.assert_allclose(header.get_sform(), GRID.affine)
    np.testing.assert_allclose(header.get_qform(), GRID.affine, atol=1e-6)


def test_a_sheared_grid_has_only_an_sform(tmp_path: Path) -> None:
    affine = GRID.affine.copy()
    affine[0, 1] = 0.3
    grid = Grid(GRID.shape, affine)
    write_volume(tmp_path / "a.nii.gz", _volume(0, 1, stored_as="float32", grid=grid))
    header = nibabel.Nifti1Image.from_filename(tmp_path / "a.nii.gz").header
    assert (int(header["sform_code"]), int(header["qform_code"])) == (1, 0)
    assert read_volume(tmp_path / "a.nii.gz").grid.matches(grid, tolerance_mm=1e-5)


def test_a_size_beyond_nifti1_is_written_as_nifti2(tmp_path: Path) -> None:
    grid = Grid((32768, 2, 2), np.eye(4))
    volume = _volume(0, 1, stored_as="float32", grid=grid)
    write_volume(tmp_path / "a.nii.gz", volume)
    assert isinstance(nibabel.load(tmp_path / "a.nii.gz"), nibabel.Nifti2Image)
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nii.gz").voxels, volume.voxels)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_voxels_that_are_not_finite_are_not_written(tmp_path: Path, value: float) -> None:
    voxels = np.full(GRID.shape, value, np.float32)
    with pytest.raises(FileError, match="not written, its voxels hold NaN or infinity"):
        write_volume(tmp_path / "a.nii.gz", Volume(voxels, GRID))
    assert list(tmp_path.iterdir()) == []


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"written as \.nii\.gz or \.nii"):
        write_volume(tmp_path / "a.mgz", _volume(0, 1, stored_as="float32"))


ROTATED = np.array([[0.0, -2.0, 0, 5], [1.5, 0, 0, -8], [0, 0, 3.0, 20], [0, 0, 0, 1.0]])


def _file_of(path: Path, *, sform: int, qform: int, affine: Affine = ROTATED) -> Path:
    """Write a file with nibabel with these form codes; 0 omits a form."""
    voxels = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    image = nibabel.Nifti1Image(voxels, None)
    image.header.set_zooms(np.linalg.norm(affine[:3, :3], axis=0))
    image.header.set_qform(affine if qform else None, code=qform)
    image.header.set_sform(affine if sform else None, code=sform)
    path.write_bytes(image.to_bytes())
    return path


@pytest.mark.parametrize("sform", range(6))
@pytest.mark.parametrize("qform", range(6))
@pytest.mark.filterwarnings("ignore:.*says nothing about its orientation")
def test_forms_come_back_with_the_codes_and_affines_that_they_came_with(
    tmp_path: Path, sform: int, qform: int
) -> None:
    path = _file_of(tmp_path / "a.nii", sform=sform, qform=qform)
    write_volume(tmp_path / "b.nii", read_volume(path))
    given, written = (nibabel.Nifti1Image.from_filename(tmp_path / name) for name in NAMES)
    assert (int(written.header["sform_code"]), int(written.header["qform_code"])) == (sform, qform)
    # The float32 quaternion is rounded again.
    np.testing.assert_allclose(written.affine, given.affine, atol=1e-5)
    np.testing.assert_allclose(written.get_qform(), given.get_qform(), atol=1e-5)


def test_a_qform_that_differs_a_little_from_the_sform_comes_back_as_it_was(tmp_path: Path) -> None:
    path = _file_of(tmp_path / "a.nii", sform=2, qform=1)
    image = nibabel.Nifti1Image.from_filename(path)
    moved = ROTATED.copy()
    moved[0, 3] += 0.3
    moved[0, 1] += 0.02  # a shear, which a qform cannot represent
    image.set_sform(moved, code=2)
    path.write_bytes(image.to_bytes())
    write_volume(tmp_path / "b.nii", read_volume(path))
    written = nibabel.Nifti1Image.from_filename(tmp_path / "b.nii")
    np.testing.assert_allclose(written.get_sform(), moved, atol=1e-6)
    np.testing.assert_allclose(written.get_qform(), ROTATED, atol=1e-5)
    assert int(written.header["qform_code"]) == 1


def test_a_form_that_was_preferred_replaces_the_other(tmp_path: Path) -> None:
    path = _file_of(tmp_path / "a.nii", sform=2, qform=1)
    image = nibabel.Nifti1Image.from_filename(path)
    far = ROTATED.copy()
    far[0, 3] += 40
    image.set_sform(far, code=2)
    path.write_bytes(image.to_bytes())
    write_volume(tmp_path / "b.nii", read_volume(path, options=ReadOptions(prefer="qform")))
    written = read_volume(tmp_path / "b.nii")
    np.testing.assert_allclose(written.grid.affine, ROTATED, atol=1e-5)


def test_a_grid_that_its_forms_cannot_tell_gets_an_sform(tmp_path: Path) -> None:
    grid = Grid((8, 9, 10), ROTATED, Forms(sform_code=0, qform_code=0))
    write_volume(tmp_path / "a.nii", _volume(0, 1, stored_as="float32", grid=grid))
    written = nibabel.Nifti1Image.from_filename(tmp_path / "a.nii")
    np.testing.assert_allclose(written.affine, ROTATED, atol=1e-6)
    assert int(written.header["sform_code"]) == 1


def test_a_code_that_the_standard_does_not_know_comes_back_too(tmp_path: Path) -> None:
    grid = Grid((8, 9, 10), ROTATED, Forms(sform_code=7, qform_code=9))
    write_volume(tmp_path / "a.nii", _volume(0, 1, stored_as="float32", grid=grid))
    forms = read_volume(tmp_path / "a.nii").grid.forms
    assert (forms.sform_code, forms.qform_code) == (7, 9)
