"""NIfTI headers that are read correctly, and headers that are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from crossvox.errors import FileError, FileWarning
from crossvox.files import ReadOptions, read_grid, read_volume

WriteNifti = Callable[..., Path]
INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Header, nibabel.Nifti2Header])
@pytest.mark.parametrize("name", [*INTEGERS, "f4", "f8"])
def test_every_data_type_byte_order_and_version_is_read_right(
    write_nifti: WriteNifti, name: str, kind: type[nibabel.Nifti1Header], order: str
) -> None:
    voxels = np.arange(120).reshape(4, 5, 6).astype(name)
    volume = read_volume(write_nifti(voxels, kind=kind, order=order))
    np.testing.assert_array_equal(volume.voxels, voxels.astype(np.float32))
    assert volume.voxels.dtype == np.float32
    assert volume.stored_as == voxels.dtype.name


@pytest.mark.parametrize("name", ["u4", "i8", "u8", "f8"])
def test_numbers_beyond_float32_precision_are_rounded_once(
    write_nifti: WriteNifti, name: str
) -> None:
    generator = np.random.default_rng(0)
    voxels = generator.integers(2**30, 2**32, (4, 5, 6)).astype(name)
    np.testing.assert_array_equal(
        read_volume(write_nifti(voxels)).voxels, voxels.astype(np.float32)
    )


def test_scaling_of_large_integers_is_done_in_double_precision(write_nifti: WriteNifti) -> None:
    voxels = np.arange(2**31, 2**31 + 120, dtype=np.uint32).reshape(4, 5, 6)
    path = write_nifti(voxels, fields={"scl_slope": 1.0, "scl_inter": -(2.0**31)})
    np.testing.assert_array_equal(read_volume(path).voxels, np.arange(120).reshape(4, 5, 6))


def test_a_negative_slope_is_applied(write_nifti: WriteNifti) -> None:
    path = write_nifti(fields={"scl_slope": -0.5, "scl_inter": 10.0})
    assert read_volume(path).voxels[0, 0, :3].tolist() == [10.0, 9.5, 9.0]


@pytest.mark.parametrize("slope", [0.0, np.nan, np.inf])
def test_an_impossible_slope_is_taken_as_identity_with_a_warning(
    write_nifti: WriteNifti, slope: float
) -> None:
    path = write_nifti(fields={"scl_slope": slope, "scl_inter": 7.0})
    with pytest.warns(FileWarning, match="scl_slope is .*; read unscaled"):
        assert read_volume(path).voxels.max() == 119


def test_an_impossible_intercept_is_refused(write_nifti: WriteNifti) -> None:
    with pytest.raises(FileError, match="scl_inter is nan"):
        read_volume(write_nifti(fields={"scl_inter": np.nan}))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"magic": b"abc"}, "bad NIfTI magic"),
    ({"magic": b""}, "Analyze 7.5"),
    ({"sizeof_hdr": 350}, "this one says 350"),
    ({"datatype": 7}, "unknown data type 7"),
    ({"bitpix": 24}, "data type int16 of 24 bits"),
    ({"datatype": 128, "bitpix": 24}, "RGB colors"),
    ({"datatype": 2304, "bitpix": 32}, "RGBA colors"),
    ({"datatype": 32, "bitpix": 64}, "complex numbers"),
    ({"datatype": 1792, "bitpix": 128}, "complex numbers"),
    ({"datatype": 1536, "bitpix": 128}, "128-bit floats"),
    ({"datatype": 1, "bitpix": 1}, "single bits"),
    ({"vox_offset": np.nan}, "vox_offset is nan"),
    ({"vox_offset": -352}, "vox_offset is -352"),
    ({"vox_offset": 348}, "vox_offset is 348, at least 352"),
    ({"vox_offset": 352.5}, "vox_offset is 352.5"),
    ({"vox_offset": 1e6}, "vox_offset 1000000 lies beyond the file"),
    ({"dim": [0, 4, 5, 6, 1, 1, 1, 1]}, "declares 0 dimensions"),
    ({"dim": [9, 4, 5, 6, 1, 1, 1, 1]}, "declares 9 dimensions"),
    ({"dim": [-3, 4, 5, 6, 1, 1, 1, 1]}, "declares -3 dimensions"),
    ({"dim": [3, 4, 0, 6, 1, 1, 1, 1]}, r"sizes \[4, 0, 6\]"),
    ({"dim": [3, 4, -5, 6, 1, 1, 1, 1]}, r"sizes \[4, -5, 6\]"),
    ({"dim": [2, 4, 5, 1, 1, 1, 1, 1]}, "two-dimensional"),
    ({"dim": [3, 4, 1, 6, 1, 1, 1, 1]}, "two-dimensional"),
    ({"dim": [3, 1, 1, 1, 1, 1, 1, 1]}, "a single voxel"),
    ({"dim": [5, 4, 5, 2, 1, 3, 1, 1]}, "vectors"),
    ({"pixdim": [1, 0, 2.5, 3, 1, 1, 1, 1]}, "spacing of 0 x"),
    ({"pixdim": [1, 2, np.nan, 3, 1, 1, 1, 1]}, "spacing of 2 x nan"),
    ({"pixdim": [1, 2, 2.5, 0.04, 1, 1, 1, 1]}, "x 0.04 mm"),
    ({"pixdim": [1, 2, 2.5, 31, 1, 1, 1, 1]}, "x 31 mm"),
    ({"pixdim": [1, -2, 2.5, 3, 1, 1, 1, 1]}, "spacing of -2"),
    ({"xyzt_units": 5}, "unknown unit of length 5"),
    ({"srow_x": [np.nan, 0, 0, 0]}, "sform holds NaN"),
    ({"srow_x": [0, 0, 0, 0]}, "spacing of 0 x"),
    ({"srow_x": [0, 2.5, 0, 0], "srow_y": [2.0, 2.5, 0, 0]}, "sform and qform|singular"),
    ({"quatern_b": 2.0}, "qform is not a rotation"),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED)
def test_a_damaged_header_is_refused_saying_what_is_wrong(
    write_nifti: WriteNifti, fields: dict[str, Any], message: str
) -> None:
    path = write_nifti(fields=fields)
    with pytest.raises(FileError, match=message):
        read_grid(path)
    with pytest.raises(FileError, match=message):
        read_volume(path)


def test_a_singular_affine_is_refused(write_nifti: WriteNifti) -> None:
    path = write_nifti(fields={"qform_code": 0, "srow_x": [2, 2, 0, 0], "srow_y": [2, 2, 0, 0]})
    with pytest.raises(FileError, match="sform is singular"):
        read_volume(path)


def test_sform_and_qform_that_disagree_are_refused_until_one_is_preferred(
    write_nifti: WriteNifti,
) -> None:
    path = write_nifti(fields={"qoffset_x": 1.2})
    with pytest.raises(FileError, match=r"1\.20 mm apart; decide with --prefer sform"):
        read_volume(path)
    assert read_grid(path, options=ReadOptions(prefer="sform")).affine[0, 3] == 0
    # 1e-6: the header holds 1.2 as float32.
    qform = read_grid(path, options=ReadOptions(prefer="qform"))
    assert qform.affine[0, 3] == pytest.approx(1.2, abs=1e-6)


def test_sform_counts_where_it_and_qform_differ_by_less_than_half_a_voxel(
    write_nifti: WriteNifti,
) -> None:
    assert read_grid(write_nifti(fields={"qoffset_x": 0.9})).affine[0, 3] == 0


def test_qform_counts_where_there_is_no_sform(write_nifti: WriteNifti) -> None:
    path = write_nifti(fields={"sform_code": 0, "qoffset_x": 9.0})
    assert read_grid(path).affine[0, 3] == 9


def test_a_preferred_form_that_is_absent_leaves_the_other(write_nifti: WriteNifti) -> None:
    path = write_nifti(fields={"qform_code": 0})
    options = ReadOptions(prefer="qform")
    np.testing.assert_array_equal(read_grid(path, options=options).affine, np.diag([2, 2.5, 3, 1]))


def test_a_file_without_orientation_is_read_as_nibabel_does_with_a_warning(
    write_nifti: WriteNifti,
) -> None:
    path = write_nifti(fields={"sform_code": 0, "qform_code": 0})
    with pytest.warns(FileWarning, match="neither sform nor qform"):
        grid = read_grid(path)
    theirs = nibabel.Nifti1Image.from_filename(path)
    np.testing.assert_allclose(grid.affine, theirs.affine)


def test_a_qfac_of_zero_is_read_as_one(write_nifti: WriteNifti) -> None:
    path = write_nifti(fields={"sform_code": 0, "pixdim": [0, 2, 2.5, 3, 1, 1, 1, 1]})
    np.testing.assert_allclose(read_grid(path).affine, np.diag([2, 2.5, 3, 1]))


def test_a_left_handed_grid_of_a_qform_is_read_right(write_nifti: WriteNifti) -> None:
    path = write_nifti(fields={"sform_code": 0, "pixdim": [-1, 2, 2.5, 3, 1, 1, 1, 1]})
    np.testing.assert_allclose(read_grid(path).affine, np.diag([2, 2.5, -3, 1]))


def test_a_sheared_sform_is_read_whole(write_nifti: WriteNifti) -> None:
    path = write_nifti(fields={"qform_code": 0, "srow_x": [2, 0.5, 0.25, 1]})
    assert read_grid(path).affine[0].tolist() == [2, 0.5, 0.25, 1]


def test_micrometers_become_millimeters_with_a_warning(write_nifti: WriteNifti) -> None:
    fields = {"xyzt_units": 3, "qform_code": 0, "pixdim": [1, 500, 500, 500, 1, 1, 1, 1]}
    rows = {"srow_x": [500, 0, 0, 0], "srow_y": [0, 500, 0, 0], "srow_z": [0, 0, 500, 1000]}
    with pytest.warns(FileWarning, match="positions are in micrometers"):
        grid = read_grid(write_nifti(fields=fields | rows))
    assert grid.spacing_mm == pytest.approx((0.5, 0.5, 0.5))
    assert grid.affine[2, 3] == pytest.approx(1.0)


def test_one_volume_in_four_dimensions_is_squeezed(write_nifti: WriteNifti) -> None:
    voxels = np.arange(120, dtype=np.int16).reshape(4, 5, 6, 1)
    np.testing.assert_array_equal(read_volume(write_nifti(voxels)).voxels, voxels[..., 0])


def test_several_volumes_are_refused_until_one_is_chosen(write_nifti: WriteNifti) -> None:
    voxels = np.arange(360, dtype=np.int16).reshape(4, 5, 6, 3)
    path = write_nifti(voxels)
    with pytest.raises(FileError, match="holds 3 volumes; choose one: --volume 0 to --volume 2"):
        read_volume(path)
    for index in range(3):
        volume = read_volume(path, options=ReadOptions(volume_index=index))
        np.testing.assert_array_equal(volume.voxels, voxels[..., index])


@pytest.mark.parametrize("index", [-1, 3])
def test_a_volume_that_does_not_exist_is_refused(write_nifti: WriteNifti, index: int) -> None:
    voxels = np.arange(360, dtype=np.int16).reshape(4, 5, 6, 3)
    with pytest.raises(FileError, match=f"has no volume {index}; its last is 2"):
        read_volume(write_nifti(voxels), options=ReadOptions(volume_index=index))


def test_notes_before_the_voxels_are_passed_over(write_nifti: WriteNifti) -> None:
    path = write_nifti(fields={"vox_offset": 384})
    content = path.read_bytes()
    path.write_bytes(content[:352] + bytes(32) + content[352:])
    assert read_volume(path).voxels[0, 0, :3].tolist() == [0, 1, 2]


@pytest.mark.parametrize("asked", ["volume.hdr", "volume.img"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Pair, nibabel.Nifti2Pair])
def test_either_half_of_a_pair_of_files_is_read(
    tmp_path: Path, kind: type[nibabel.Nifti1Pair], asked: str
) -> None:
    voxels = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
    nibabel.save(kind(voxels, np.diag([2, 2, 3, 1])), tmp_path / "volume.img")
    volume = read_volume(tmp_path / asked)
    np.testing.assert_array_equal(volume.voxels, voxels)
    np.testing.assert_allclose(volume.grid.affine, np.diag([2, 2, 3, 1]))


@pytest.mark.parametrize("lost", [".hdr", ".img"])
def test_half_of_a_pair_of_files_is_refused(tmp_path: Path, lost: str) -> None:
    voxels = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
    nibabel.save(nibabel.Nifti1Pair(voxels, np.diag([2, 2, 3, 1])), tmp_path / "volume.img")
    (tmp_path / f"volume{lost}").unlink()
    kept = ".hdr" if lost == ".img" else ".img"
    with pytest.raises(FileError, match=rf"half of a \.hdr/\.img pair; the \{lost} .* missing"):
        read_volume(tmp_path / f"volume{kept}")


def test_reading_a_grid_does_not_touch_the_voxels(write_nifti: WriteNifti) -> None:
    path = write_nifti(np.zeros((4, 5, 6), np.int16))
    assert read_grid(path).shape == (4, 5, 6)
