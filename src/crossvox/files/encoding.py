"""Encoding of volumes as NIfTI files; the same volume always gives the same bytes."""

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
LARGEST_NIFTI1_SIZE = 32767  # voxels along one axis
INT16 = np.iinfo(np.int16)
INT16_STEPS = INT16.max - INT16.min
SMALLEST_SLOPE = float(np.finfo(np.float32).tiny)
SMALLEST_INTEGER_RANGE = 255  # intensity range above which rounding to integers loses little
# Cosine between two voxel axes above which a grid counts as sheared; float32 rounding gives 1e-6.
SMALLEST_SKEW = 1e-4
FAST_COMPRESSION = 1  # gzip level


def write_volume(path: Path, volume: Volume, *, description: str = "") -> None:
    """Write `volume` as NIfTI, encoded by `encode_volume`; a failed write leaves no partial file.

    Raises:
        FileError: The ending is not .nii or .nii.gz, voxels are not finite, or the folder is not
            writable.
        ResourceError: The disk is full.
    """
    write_atomically(path, encode_volume(path, volume, description=description))


def encode_volume(path: Path, volume: Volume, *, description: str = "") -> bytes:
    """Encode `volume` as the contents of the NIfTI file `path`.

    Voxels that were read from integers become int16: rounded if they lie within int16 and their
    range exceeds 255, else scaled with an error below 1/60000 of their range. Others become
    float32. The codes of sform and qform are those of the volume's grid.

    Args:
        path: Path of the file, ending in .nii.gz (compressed) or .nii.
        volume: Volume with finite voxels.
        description: At most 79 ASCII characters for the header's `descrip`, such as `NOTICE`.

    Raises:
        FileError: The ending is not .nii or .nii.gz, or voxels are not finite.
    """
    name = path.name.lower()
    if not name.endswith(WRITABLE_SUFFIXES):
        raise FileError(f"{path}: volumes are written as .nii.gz or .nii; give such a name")
    if not np.isfinite(volume.voxels).all():
        raise FileError(f"{path}: not written, its voxels hold NaN or infinity; replace them first")
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
    """Stored numbers, and the slope and intercept that turn them into voxels."""
    voxels = volume.voxels
    if np.dtype(volume.stored_as).kind not in "iu":
        return voxels, 1.0, 0.0
    least, most = float(voxels.min()), float(voxels.max())
    if INT16.min <= least and most <= INT16.max and _are_whole_enough(voxels, most - least):
        return np.rint(voxels).astype(np.int16), 1.0, 0.0
    # The header stores both as float32, so the codes are computed with the rounded values.
    slope = max(float(np.float32((most - least) / (INT16_STEPS - 1))), SMALLEST_SLOPE)
    intercept = float(np.float32((most + least) / 2))
    codes = np.rint((voxels.astype(np.float64) - intercept) / slope)
    return np.clip(codes, INT16.min, INT16.max).astype(np.int16), slope, intercept


def _are_whole_enough(voxels: NDArray[np.float32], span: float) -> bool:
    return span > SMALLEST_INTEGER_RANGE or np.array_equal(voxels, np.rint(voxels))


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
    """Set sform and qform of `header` to `grid`, with the codes of the file it came from."""
    qform = grid.affine if grid.forms.qform is None else grid.forms.qform
    if grid.forms.qform_code and _is_rotation_times_spacing(qform):
        header.set_qform(qform)
        header["qform_code"] = grid.forms.qform_code  # nibabel would refuse codes unknown to it
    if grid.forms.sform_code:
        header.set_sform(grid.affine)
        header["sform_code"] = grid.forms.sform_code
    if not Grid(grid.shape, header.get_best_affine()).matches(grid):  # codes unset, or a shear
        header.set_sform(grid.affine, code=SCANNER_CODE)


def _is_rotation_times_spacing(affine: NDArray[np.float64]) -> bool:
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(directions.T @ directions - np.eye(3)).max() < SMALLEST_SKEW)
