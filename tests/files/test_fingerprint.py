"""SHA-256 of volume files, which tells whether two hold the same bytes."""

import hashlib
from pathlib import Path

import pytest

from crossvox.errors import FileError
from crossvox.files import sha256_of


def test_a_file_has_the_sha256_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_of(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()


def test_a_pair_has_the_sha256_of_header_and_voxels_whichever_half_is_named(
    tmp_path: Path,
) -> None:
    header, voxels = tmp_path / "a.hdr", tmp_path / "a.img"
    header.write_bytes(b"header")
    voxels.write_bytes(b"voxels")
    whole = hashlib.sha256(b"headervoxels").hexdigest()
    assert sha256_of(header) == sha256_of(voxels) == whole
    voxels.write_bytes(b"others")
    assert sha256_of(header) != whole


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"absent\.nii: cannot be read \(No such file"):
        sha256_of(tmp_path / "absent.nii")
