"""A volume as the bytes of a NIfTI file: the same volume, the same bytes."""

from pathlib import Path

import nibabel
import numpy as np
from isal import igzip
from numpy.typing import NDArray

from crossvox.errors import FileError
from crossvox.files.atomic import write_atomically
from crossvox.volume import Grid, Volume
from crossvox.volume.grid import SCANNER_CODE
from crossvox.volume.memory_order import copied_in_order

WRITABLE_SUFFIXES = (".nii.gz", ".nii")
NO_EXTENSIONS = bytes(4)
LARGEST_NIFTI1_SIZE = 32767
INT16 = np.iinfo(np.int16)
INT16_STEPS = INT16.max - INT16.min
LEAST_SLOPE = float(np.finfo(np.float32).tiny)
ENOUGH_LEVELS = 255
# Cosine between two voxel axes from which the grid counts as sheared; float32 files show 1e-6.
LEAST_SKEW = 1e-4
FAST_COMPRESSION = 1


def write_volume(path: Path, volume: Volume, *, description: str = "") -> None:
    """Write `volume` as NIfTI, whole or not at all; see `encode_volume`.

    Raises:
        FileError: Another ending, voxels that are not finite, or a folder that is not writable.
        ResourceError: The disk is full.
    """
    write_atomically(path, encode_volume(path, volume, description=description))


def encode_volume(path: Path, volume: Volume, *, description: str = "") -> bytes:
    """Contents of the NIfTI file `path` that is to hold `volume`.

    Voxels that came as integers become int16: rounded where their range is that of int16 and
    wider than 255, else scaled so that the error stays below a 60000th of their range. Others
    become float32. The codes of sform and qform are those that the volume's grid came with.

    Args:
        path: Ends in .nii.gz, which is compressed, or .nii.
        volume: Finite voxels.
        description: At most 79 ASCII characters for the header's `descrip`, such as `NOTICE`.

    Raises:
        FileError: Another ending, or voxels that are not finite.
    """
    name = path.name.lower()
    if not name.endswith(WRITABLE_SUFFIXES):
        raise FileError(f"{path}: volumes are written as .nii.gz or .nii; give such a name")
    if not np.isfinite(volume.voxels).all():
        raise FileError(f"{path}: not written, its voxels hold NaN or infinity")
    payload = _encode(volume, description=description)
    if name.endswith(".gz"):
        payload = igzip.compress(payload, FAST_COMPRESSION, mtime=0)
    return payload


def _encode(volume: Volume, *, description: str) -> bytes:
    stored, slope, intercept = _stored(volume)
    header = _header(volume.grid)
    header.set_data_dtype(stored.dtype)
    header.set_slope_inter(slope, intercept)
    header["descrip"] = description.encode("ascii")
    return b"".join((header.binaryblock, NO_EXTENSIONS, copied_in_order(stored, "F").T.data))


def _stored(volume: Volume) -> tuple[NDArray[np.generic], float, float]:
    """The numbers for the file, and slope and intercept that make voxels of them."""
    voxels = volume.voxels
    if np.dtype(volume.stored_as).kind not in "iu":
        return voxels, 1.0, 0.0
    least, most = float(voxels.min()), float(voxels.max())
    if INT16.min <= least and most <= INT16.max and _are_whole_enough(voxels, most - least):
        return np.rint(voxels).astype(np.int16), 1.0, 0.0
    # The file holds them as float32, so the codes are made with what will be read.
    slope = max(float(np.float32((most - least) / (INT16_STEPS - 1))), LEAST_SLOPE)
    intercept = float(np.float32((most + least) / 2))
    codes = np.rint((voxels.astype(np.float64) - intercept) / slope)
    return np.clip(codes, INT16.min, INT16.max).astype(np.int16), slope, intercept


def _are_whole_enough(voxels: NDArray[np.float32], span: float) -> bool:
    return span > ENOUGH_LEVELS or np.array_equal(voxels, np.rint(voxels))


def _header(grid: Grid) -> nibabel.Nifti1Header:
    is_large = max(grid.shape) > LARGEST_NIFTI1_SIZE
    kind = nibabel.Nifti2Header if is_large else nibabel.Nifti1Header
    header = kind(endianness="<")  # type: ignore[no-untyped-call]  # nibabel has no types
    header.set_data_shape(grid.shape)
    header.set_zooms(grid.spacing_mm)
    header.set_xyzt_units("mm")
    _place(header, grid)
    header["magic"] = b"n+2" if is_large else b"n+1"
    header["vox_offset"] = header.sizeof_hdr + len(NO_EXTENSIONS)
    return header


def _place(header: nibabel.Nifti1Header, grid: Grid) -> None:
    """Say where `grid` lies, in the forms that it came with."""
    qform = grid.affine if grid.forms.qform is None else grid.forms.qform
    if grid.forms.qform_code and _is_rotation_times_spacing(qform):
        header.set_qform(qform)
        header["qform_code"] = grid.forms.qform_code  # nibabel refuses codes that it does not know
    if grid.forms.sform_code:
        header.set_sform(grid.affine)
        header["sform_code"] = grid.forms.sform_code
    if not Grid(grid.shape, header.get_best_affine()).matches(grid):  # those forms cannot say it
        header.set_sform(grid.affine, code=SCANNER_CODE)


def _is_rotation_times_spacing(affine: NDArray[np.float64]) -> bool:
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(directions.T @ directions - np.eye(3)).max() < LEAST_SKEW)
