"""Files that are truncated, damaged, misnamed or far too large."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crossvox.errors import FileError, FileWarning, ResourceError
from crossvox.files import ReadOptions, read_grid, read_volume
from crossvox.files.contents import Contents

WriteNifti = Callable[..., Path]
NOISE = np.random.default_rng(0).integers(0, 1000, (16, 16, 16)).astype(np.int16)


def _gzipped(path: Path, change: Callable[[bytes], bytes]) -> Path:
    packed = path.with_name("volume.nii.gz")
    packed.write_bytes(change(gzip.compress(path.read_bytes())))
    return packed


def test_a_truncated_file_is_refused(write_nifti: WriteNifti) -> None:
    path = write_nifti(NOISE)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileError, match=r"volume\.nii: truncated; its header declares 8544 bytes"):
        read_volume(path)


def test_a_file_truncated_inside_its_header_is_refused(write_nifti: WriteNifti) -> None:
    path = write_nifti()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(FileError, match="truncated inside its header"):
        read_grid(path)


@pytest.mark.parametrize("kept", [-1, -8, -2000, 300, 12])
def test_a_gzip_file_that_is_cut_off_is_refused(write_nifti: WriteNifti, kept: int) -> None:
    path = _gzipped(write_nifti(NOISE), lambda packed: packed[:kept])
    with pytest.raises(FileError, match=r"volume\.nii\.gz: the gzip stream is cut off"):
        read_volume(path)


@pytest.mark.parametrize("place", [-8, -5, -1])
def test_a_wrong_checksum_or_length_at_the_end_of_gzip_is_refused(
    write_nifti: WriteNifti, place: int
) -> None:
    def flip(packed: bytes) -> bytes:
        changed = bytearray(packed)
        changed[place] ^= 1
        return bytes(changed)

    with pytest.raises(FileError, match="the gzip stream is damaged"):
        read_volume(_gzipped(write_nifti(NOISE), flip))


def test_no_flipped_bit_in_a_gzip_stream_goes_unnoticed(write_nifti: WriteNifti) -> None:
    path = write_nifti(NOISE)
    packed = gzip.compress(path.read_bytes())
    target = path.with_name("volume.nii.gz")
    generator = np.random.default_rng(1)
    for place in generator.integers(18, len(packed), 60):
        changed = bytearray(packed)
        changed[place] ^= 1 << int(generator.integers(8))
        target.write_bytes(changed)
        with pytest.raises((FileError, ResourceError)):
            read_volume(target)


def test_a_gzip_bomb_is_refused_before_it_is_inflated(write_nifti: WriteNifti) -> None:
    bomb = write_nifti(fields={"dim": [3, 2000, 2000, 2000, 1, 1, 1, 1]})
    # Large enough that a gzip file of this size could hold the declared volume.
    path = _gzipped(bomb, lambda packed: packed + bytes(20_000_000))
    with pytest.raises(ResourceError, match=r"declares 2000x2000x2000 voxels.*--max-voxels"):
        read_volume(path, options=ReadOptions(max_voxels=10**9))


def test_a_stream_that_goes_on_long_after_its_voxels_is_refused(write_nifti: WriteNifti) -> None:
    path = write_nifti(NOISE)
    packed = path.with_name("volume.nii.gz")
    packed.write_bytes(gzip.compress(path.read_bytes() + bytes(65 << 20), compresslevel=1))
    with pytest.raises(FileError, match="inflates to far more"):
        read_volume(packed)


def test_the_largest_sizes_of_nifti1_are_refused_without_allocating(
    write_nifti: WriteNifti,
) -> None:
    path = write_nifti(fields={"dim": [3, 32767, 32767, 32767, 1, 1, 1, 1]})
    with pytest.raises(FileError, match="truncated; its header declares 70362"):
        read_volume(path)
    with pytest.raises(FileError, match="truncated; its header declares 70362"):
        read_grid(_gzipped(path, bytes))


def test_the_default_limit_is_that_of_the_free_memory() -> None:
    limit = ReadOptions().voxel_limit()
    assert 10**6 < limit < 10**13
    assert ReadOptions(max_voxels=7).voxel_limit() == 7


def test_a_volume_above_the_limit_is_refused(write_nifti: WriteNifti) -> None:
    with pytest.raises(ResourceError, match="more than the 119 allowed"):
        read_volume(write_nifti(), options=ReadOptions(max_voxels=119))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "volume.nii").touch()
    with pytest.raises(FileError, match="the file is empty"):
        read_volume(tmp_path / "volume.nii")


def test_text_named_nii_is_recognized(tmp_path: Path) -> None:
    (tmp_path / "volume.nii").write_text("subject,FLAIR\n" * 50)
    with pytest.raises(FileError, match=r"volume\.nii: text; give NIfTI"):
        read_volume(tmp_path / "volume.nii")


def test_a_zip_archive_named_nii_is_recognized(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "volume.nii", "w") as archive:
        archive.writestr("a", b"b")
    with pytest.raises(FileError, match="a zip archive"):
        read_volume(tmp_path / "volume.nii")


def test_a_dicom_file_named_nii_is_recognized(tmp_path: Path) -> None:
    (tmp_path / "volume.nii").write_bytes(bytes(128) + b"DICM" + bytes(500))
    with pytest.raises(FileError, match="a DICOM file"):
        read_volume(tmp_path / "volume.nii")


def test_a_file_of_zeros_is_recognized(tmp_path: Path) -> None:
    (tmp_path / "volume.nii").write_bytes(bytes(1000))
    with pytest.raises(FileError, match="nothing but zeros"):
        read_volume(tmp_path / "volume.nii")


def test_a_gzipped_file_named_nii_is_read_with_a_warning(write_nifti: WriteNifti) -> None:
    path = write_nifti(NOISE)
    path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.warns(FileWarning, match="gzipped although its name does not say so"):
        volume = read_volume(path)
    np.testing.assert_array_equal(volume.voxels, NOISE)


def test_a_plain_file_named_nii_gz_is_read_with_a_warning(write_nifti: WriteNifti) -> None:
    path = write_nifti(NOISE, name="volume.nii.gz")
    with pytest.warns(FileWarning, match="not gzipped although its name says so"):
        volume = read_volume(path)
    np.testing.assert_array_equal(volume.voxels, NOISE)


def test_a_gzip_file_of_several_members_is_read_whole(write_nifti: WriteNifti) -> None:
    content = write_nifti(NOISE).read_bytes()
    packed = write_nifti().with_name("volume.nii.gz")
    packed.write_bytes(gzip.compress(content[:3000]) + gzip.compress(content[3000:]))
    np.testing.assert_array_equal(read_volume(packed).voxels, NOISE)


def test_an_absent_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"absent\.nii: cannot be opened \(No such file"):
        read_volume(tmp_path / "absent.nii")


def test_a_folder_is_refused_as_a_volume(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be opened"):
        read_volume(tmp_path)


def test_a_disk_that_fails_while_a_file_is_read_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    with path.open("wb") as unreadable:
        contents = Contents(path=path, stream=unreadable, holds_at_most=10, gzipped=False)
        with pytest.raises(FileError, match=r"a\.nii: reading it failed \(.*check the disk"):
            contents.take(1)
