"""Volumes with non-finite or constant voxels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crossvox.errors import FileError, FileWarning
from crossvox.files import read_mask, read_volume

WriteNifti = Callable[..., Path]


def _ramp() -> np.ndarray:
    return np.arange(1000, dtype=np.float32).reshape(10, 10, 10)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_voxel_that_is_not_finite_becomes_the_least_around_it(
    write_nifti: WriteNifti, value: float
) -> None:
    voxels = _ramp()
    voxels[5, 5, 5] = value
    with pytest.warns(FileWarning, match="1 voxels are NaN or infinite; replaced"):
        read = read_volume(write_nifti(voxels)).voxels
    assert read[5, 5, 5] == voxels[4, 4, 4]
    assert np.isfinite(read).all()


def test_a_hole_of_nan_is_filled_from_its_rim(write_nifti: WriteNifti) -> None:
    voxels = np.arange(30**3, dtype=np.float32).reshape(30, 30, 30)
    voxels[10:15, 10:15, 10:15] = np.nan
    with pytest.warns(FileWarning, match="125 voxels"):
        read = read_volume(write_nifti(voxels)).voxels
    assert read[12, 12, 12] == voxels[9, 9, 9]


def test_a_float64_beyond_float32_counts_as_not_finite(write_nifti: WriteNifti) -> None:
    voxels = _ramp().astype(np.float64)
    voxels[5, 5, 5] = 1e300
    with pytest.warns(FileWarning, match="1 voxels are NaN or infinite"):
        assert read_volume(write_nifti(voxels)).voxels[5, 5, 5] == voxels[4, 4, 4]


def test_more_than_one_in_a_hundred_nan_are_refused(write_nifti: WriteNifti) -> None:
    voxels = _ramp()
    voxels.flat[:11] = np.nan
    with pytest.raises(FileError, match=r"1\.1% of the voxels are NaN or infinite"):
        read_volume(write_nifti(voxels))


def test_a_constant_volume_is_refused(write_nifti: WriteNifti) -> None:
    with pytest.raises(FileError, match="every voxel is 7; the volume shows nothing"):
        read_volume(write_nifti(np.full((4, 5, 6), 7, np.int16)))


@pytest.mark.parametrize("value", [0, 3])
def test_a_constant_mask_is_read_as_zero_or_one(write_nifti: WriteNifti, value: int) -> None:
    mask = read_mask(write_nifti(np.full((4, 5, 6), value, np.uint8)))
    assert mask.voxels.min() == mask.voxels.max() == min(value, 1)


def test_a_volume_of_many_slabs_is_converted_whole(write_nifti: WriteNifti) -> None:
    voxels = np.random.default_rng(0).integers(-5000, 5000, (70, 80, 90)).astype(np.int16)
    read = read_volume(write_nifti(voxels, order=">")).voxels
    np.testing.assert_array_equal(read, voxels)
    assert read.flags.f_contiguous
