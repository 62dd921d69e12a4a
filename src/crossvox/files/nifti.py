"""Headers of NIfTI-1 and NIfTI-2, in either byte order, in one file or a .hdr/.img pair.

Source:
    Cox et al. 2004, "A (sort of) new image data format standard: NIfTI-1", and nifti1.h.
"""

import math
import warnings
from pathlib import Path
from typing import Final

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError

from crossvox.errors import FileError, FileWarning
from crossvox.files.affines import (
    FORMS,
    Affine,
    Form,
    chosen_affine,
    refuse_spacing,
    warn_of_no_geometry,
)
from crossvox.files.layout import AXES, LARGEST_RANK, Layout, three_sizes
from crossvox.files.options import ReadOptions
from crossvox.volume import Forms

HEADER_BYTES: Final = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
LARGEST_HEADER = max(HEADER_BYTES)
SINGLE_FILE_MAGIC: Final = {348: b"n+1\0", 540: b"n+2\0"}
PAIR_MAGIC: Final = {348: b"ni1\0", 540: b"ni2\0"}
READABLE_TYPES: Final = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8",
    256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
REFUSED_TYPES: Final = {
    1: "single bits", 32: "complex numbers", 128: "RGB colors", 1536: "128-bit floats",
    1792: "complex numbers", 2048: "complex numbers", 2304: "RGBA colors",
}  # fmt: skip
MILLIMETERS_PER_UNIT: Final = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # by xyzt_units code
UNIT_MASK = 0x07  # bits of xyzt_units with the unit of length


def nifti_byte_order(start: bytes) -> str | None:
    """Byte order of a NIfTI header as NumPy's "<" or ">"; None if the file is not NIfTI."""
    for order in "<>":
        if int(np.frombuffer(start[:4].ljust(4), f"{order}i4")[0]) in HEADER_BYTES:
            return order
    return None


def nifti_layout(start: bytes, path: Path, *, options: ReadOptions) -> Layout:
    """Layout declared by the first bytes of a NIfTI file.

    Args:
        start: First `LARGEST_HEADER` bytes of the file, or all bytes of a shorter file.
        path: Path of the .nii file or of the .hdr of a pair.
        options: Options with the choice between sform and qform.

    Raises:
        FileError: The header is damaged or does not describe a volume.
    """
    order = nifti_byte_order(start) or "<"
    size = int(np.frombuffer(start[:4], f"{order}i4")[0])
    if len(start) < size:
        raise FileError(f"{path}: truncated inside its header; copy it again")
    # nibabel has no types.
    header = HEADER_BYTES[size](start[:size], order, check=False)  # type: ignore[no-untyped-call]
    voxel_path = _voxel_path(header, path, size=size)
    sizes = _sizes(header, path)
    shape, volumes = three_sizes(sizes, path)
    slope, intercept = _scaling(header, path)
    affine, forms = _placement(header, path, shape=shape, options=options)
    return Layout(
        shape=shape,
        volumes=volumes,
        dtype=_dtype(header, path, order=order),
        offset=_offset(header, path, smallest=size + 4 if voxel_path == path else 0),
        voxel_path=voxel_path,
        affine=affine,
        forms=forms,
        slope=slope,
        intercept=intercept,
    )


def nifti_description(start: bytes) -> str:
    """Free text (`descrip`) of a NIfTI header; empty if `start` is shorter than the header."""
    order = nifti_byte_order(start) or "<"
    size = int(np.frombuffer(start[:4], f"{order}i4")[0])
    if len(start) < size:
        return ""
    header = HEADER_BYTES[size](start[:size], order, check=False)  # type: ignore[no-untyped-call]
    return bytes(header["descrip"].tobytes()).rstrip(b"\0").decode("latin-1")


def _voxel_path(header: nibabel.Nifti1Header, path: Path, *, size: int) -> Path:
    magic = header["magic"].tobytes()
    if magic == SINGLE_FILE_MAGIC[size]:
        return path
    if magic == PAIR_MAGIC[size]:
        return _other_half(path)
    if not magic.strip(b"\0"):
        raise FileError(f"{path}: Analyze 7.5, which has no orientation; convert it to NIfTI")
    raise FileError(f"{path}: bad NIfTI magic {magic!r}; damaged header")


def _other_half(path: Path) -> Path:
    name = path.name
    for header, voxels in ((".hdr", ".img"), (".HDR", ".IMG")):
        other = path.with_name(name.replace(header, voxels))
        if other != path and other.exists():
            return other
    raise FileError(f"{path}: half of a .hdr/.img pair; the .img beside it is missing")


def _sizes(header: nibabel.Nifti1Header, path: Path) -> list[int]:
    rank = int(header["dim"][0])
    if not 1 <= rank <= LARGEST_RANK:
        raise FileError(f"{path}: declares {rank} dimensions, 3 are expected; damaged header")
    return [int(size) for size in header["dim"][1 : rank + 1]]


def _dtype(header: nibabel.Nifti1Header, path: Path, *, order: str) -> np.dtype[np.generic]:
    code = int(header["datatype"])
    if code in REFUSED_TYPES:
        raise FileError(f"{path}: holds {REFUSED_TYPES[code]}; give one real number per voxel")
    if code not in READABLE_TYPES:
        raise FileError(f"{path}: unknown data type {code}; damaged header")
    dtype = np.dtype(order + READABLE_TYPES[code])
    bits = int(header["bitpix"])
    if bits not in (0, dtype.itemsize * 8):
        raise FileError(f"{path}: data type {dtype.name} of {bits} bits; damaged header")
    return dtype


def _offset(header: nibabel.Nifti1Header, path: Path, *, smallest: int) -> int:
    offset = float(header["vox_offset"])
    if not math.isfinite(offset) or offset < smallest or offset != int(offset):
        raise FileError(
            f"{path}: vox_offset is {offset:g}, at least {smallest} is expected; damaged header"
        )
    return int(offset)


def _scaling(header: nibabel.Nifti1Header, path: Path) -> tuple[float, float]:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not math.isfinite(slope):
        warnings.warn(f"{path}: scl_slope is {slope:g}; read unscaled", FileWarning, stacklevel=2)
        return 1.0, 0.0
    if not math.isfinite(intercept):
        raise FileError(f"{path}: scl_inter is {intercept:g}; correct the header")
    return slope, intercept


def _placement(
    header: nibabel.Nifti1Header, path: Path, *, shape: tuple[int, int, int], options: ReadOptions
) -> tuple[Affine, Forms]:
    """Affine to use, with the codes and qform of the header."""
    factor = _millimeters_per_unit(header, path)
    spacing = np.array(header["pixdim"][1 : AXES + 1], dtype=np.float64) * factor
    refuse_spacing(spacing, path)
    affines = _affines(header, path)
    in_mm = np.diag([factor, factor, factor, 1.0])
    if not affines:
        warn_of_no_geometry(path)
        # nibabel needs three sizes to place the center, whatever the header's rank.
        header["dim"][: AXES + 1] = (AXES, *shape)
        base = np.asarray(header.get_base_affine(), dtype=np.float64)
        return in_mm @ base, Forms(sform_code=0, qform_code=0)
    affines = {name: in_mm @ affine for name, affine in affines.items()}
    codes = {name: int(header[f"{name}_code"]) if name in affines else 0 for name in FORMS}
    forms = Forms(
        sform_code=codes["sform"],
        qform_code=codes["qform"],
        # The form that is not preferred contradicts the preferred one, so it is dropped.
        qform=affines.get("qform") if options.prefer is None else None,
    )
    return chosen_affine(affines, path, shape=shape, prefer=options.prefer), forms


def _affines(header: nibabel.Nifti1Header, path: Path) -> dict[Form, Affine]:
    affines: dict[Form, Affine] = {}
    if int(header["sform_code"]) > 0:
        affines["sform"] = np.asarray(header.get_sform(), dtype=np.float64)
    if int(header["qform_code"]) > 0:
        if abs(float(header["pixdim"][0])) != 1:
            header["pixdim"][0] = 1.0  # the standard reads 0, which old programs write, as 1
        try:
            affines["qform"] = np.asarray(header.get_qform(), dtype=np.float64)
        except (HeaderDataError, ValueError) as error:
            raise FileError(
                f"{path}: its qform is not a rotation ({error}); correct the header"
            ) from error
    return affines


def _millimeters_per_unit(header: nibabel.Nifti1Header, path: Path) -> float:
    code = int(header["xyzt_units"]) & UNIT_MASK
    factor = MILLIMETERS_PER_UNIT.get(code)
    if factor is None:
        raise FileError(f"{path}: unknown unit of length {code}; damaged header")
    if factor != 1:
        unit = "meters" if factor > 1 else "micrometers"
        warnings.warn(f"{path}: positions are in {unit}; converted", FileWarning, stacklevel=2)
    return factor
