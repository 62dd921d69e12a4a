"""A prepared case in one file."""

from pathlib import Path

import numpy as np
import pytest

from crossvox.training.prepared_file import is_whole, map_voxels, read_centers, write_prepared

VOXELS = np.arange(3 * 4 * 5 * 6, dtype=np.int16).reshape(3, 4, 5, 6)
CENTERS = np.array([[1, 2, 3], [0, 4, 5]], dtype=np.int16)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_prepared(tmp_path / "case.npy", VOXELS, CENTERS)
    return tmp_path / "case.npy"


def test_both_arrays_return_as_they_were(path: Path) -> None:
    assert np.array_equal(map_voxels(path), VOXELS)
    assert np.array_equal(read_centers(path), CENTERS)
    assert is_whole(path)


def test_no_centers_are_none(tmp_path: Path) -> None:
    write_prepared(tmp_path / "case.npy", VOXELS, CENTERS[:0])
    assert read_centers(tmp_path / "case.npy").shape == (0, 3)
    assert is_whole(tmp_path / "case.npy")


@pytest.mark.parametrize("kept", [0, 5, 64, 200, -13, -1])
def test_a_file_cut_off_anywhere_is_not_whole(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    assert not is_whole(path)


def test_a_file_that_goes_on_is_not_whole(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")
    assert not is_whole(path)


def test_a_file_of_something_else_or_none_is_not_whole(path: Path) -> None:
    path.write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '<i2', 'fortran_order': False, " * 20)
    assert not is_whole(path)
    assert not is_whole(path.with_name("another.npy"))


def test_an_array_alone_has_no_centers(tmp_path: Path) -> None:
    np.save(tmp_path / "case.npy", VOXELS)
    assert len(read_centers(tmp_path / "case.npy")) == 0
