"""NIfTI files with arbitrary header fields."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

AFFINE = np.diag([2.0, 2.5, 3.0, 1.0])
VOXELS = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)

WriteNifti = Callable[..., Path]


def _write(
    path: Path,
    voxels: NDArray[Any] = VOXELS,
    *,
    fields: Mapping[str, Any] | None = None,
    order: Literal["<", ">"] = "<",
    kind: type[nibabel.Nifti1Header] = nibabel.Nifti1Header,
) -> Path:
    """Write an uncompressed file of `voxels` whose header has the given `fields`."""
    header = kind(endianness=order)
    stored = voxels.astype(voxels.dtype.newbyteorder(order))
    header.set_data_dtype(stored.dtype)
    header.set_data_shape(stored.shape)
    header.set_sform(AFFINE, code=1)
    header.set_qform(AFFINE, code=1)
    header.set_slope_inter(1, 0)
    header["magic"] = b"n+1" if kind is nibabel.Nifti1Header else b"n+2"
    header["vox_offset"] = header.sizeof_hdr + 4
    for name, value in (fields or {}).items():
        header[name] = value
    path.write_bytes(header.binaryblock + bytes(4) + stored.tobytes(order="F"))
    return path


@pytest.fixture
def write_nifti(tmp_path: Path) -> WriteNifti:
    """Function that writes a file below the test's folder and returns its path."""

    def write(voxels: NDArray[Any] = VOXELS, name: str = "volume.nii", **settings: Any) -> Path:
        return _write(tmp_path / name, voxels, **settings)

    return write
