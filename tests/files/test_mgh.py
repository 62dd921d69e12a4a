"""FreeSurfer volumes compared with nibabel's reader and writer."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest

from crossvox.errors import FileError, FileWarning
from crossvox.files import ReadOptions, read_grid, read_volume

OBLIQUE = np.array(
    [[-1.0, 0.0, 0.0, 30.0], [0.0, 0.6, 1.2, -20.0], [0.0, -0.8, 0.9, 10.0], [0, 0, 0, 1]]
)


def _write(path: Path, voxels: np.ndarray) -> Path:
    nibabel.save(nibabel.MGHImage(voxels, OBLIQUE), path)
    return path


@pytest.mark.parametrize("name", ["volume.mgz", "volume.mgh"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32])
def test_every_data_type_is_read_as_nibabel_wrote_it(
    tmp_path: Path, dtype: type[np.generic], name: str
) -> None:
    voxels = np.arange(120).reshape(4, 5, 6).astype(dtype)
    volume = read_volume(_write(tmp_path / name, voxels))
    np.testing.assert_array_equal(volume.voxels, voxels)
    # 1e-5 mm: the header holds directions and center as float32.
    np.testing.assert_allclose(volume.grid.affine, OBLIQUE, atol=1e-5)


def test_several_frames_are_refused_until_one_is_chosen(tmp_path: Path) -> None:
    voxels = np.arange(240, dtype=np.float32).reshape(4, 5, 6, 2)
    path = _write(tmp_path / "volume.mgz", voxels)
    with pytest.raises(FileError, match="holds 2 volumes"):
        read_volume(path)
    chosen = read_volume(path, options=ReadOptions(volume_index=1))
    np.testing.assert_array_equal(chosen.voxels, voxels[..., 1])


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "volume.mgz", np.arange(120, dtype=np.int16).reshape(4, 5, 6))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FileError, match="cut off"):
        read_volume(path)


def test_a_file_without_geometry_is_coronal_around_its_center_with_a_warning(
    tmp_path: Path,
) -> None:
    path = _write(tmp_path / "volume.mgh", np.arange(120, dtype=np.int16).reshape(4, 5, 6))
    content = bytearray(path.read_bytes())
    content[28:30] = bytes(2)
    path.write_bytes(content)
    with pytest.warns(FileWarning, match="says nothing about its orientation"):
        grid = read_grid(path)
    # FreeSurfer's default is x left, y down, z forward, 1 mm; nibabel's default differs in sign.
    expected = [[-1, 0, 0, 2], [0, 0, 1, -3], [0, -1, 0, 2.5], [0, 0, 0, 1]]
    assert grid.affine.tolist() == expected


def test_sizes_of_zero_are_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "volume.mgz", np.arange(120, dtype=np.int16).reshape(4, 5, 6))
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[4:8] = bytes(4)
    path.write_bytes(gzip.compress(content))
    with pytest.raises(FileError, match=r"sizes \[0, 5, 6, 1\]"):
        read_grid(path)
