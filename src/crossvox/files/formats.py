"""Reading of volume files; the format is recognized from the contents, not the name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from crossvox.errors import FileError
from crossvox.files.contents import Contents, open_contents
from crossvox.files.layout import Layout, refuse_oversized, volume_to_read
from crossvox.files.mgh import looks_like_mgh, mgh_layout
from crossvox.files.nifti import LARGEST_HEADER, nifti_byte_order, nifti_layout
from crossvox.files.options import ReadOptions
from crossvox.files.voxels import made_finite, read_voxels, refuse_constant
from crossvox.volume import Grid, Volume

VOLUME_SUFFIXES = (".nii.gz", ".nii", ".hdr", ".img", ".mgz", ".mgh")
ZIP_MAGIC = b"PK\x03\x04"
DICOM_MAGIC = b"DICM"
DICOM_MAGIC_AT = slice(128, 132)
DEFAULTS = ReadOptions()


def read_volume(
    path: Path, *, modality: str = "", unit: str = "arbitrary", options: ReadOptions = DEFAULTS
) -> Volume:
    """Read the volume in a NIfTI-1, NIfTI-2, MGH or MGZ file, in the axis order of the file.

    Args:
        path: Path of the file, gzipped or not; either half of a .hdr/.img pair.
        modality: BIDS suffix to give the volume.
        unit: Unit of the intensities, which the file does not store.
        options: Choices where the file is ambiguous.

    Returns:
        Float32 voxels, X contiguous, with slope and intercept applied.

    Raises:
        FileError: The file is damaged or of another kind, or its voxels are constant or more than
            1 % of them are not finite.
        ResourceError: The file declares more voxels than may be read.
    """
    volume = _read(path, options=options)
    refuse_constant(volume.voxels, path)
    return replace(volume, modality=modality, unit=unit)


def read_mask(path: Path, *, options: ReadOptions = DEFAULTS) -> Volume:
    """Read a mask: 1 where the file is not zero, else 0; it may be constant.

    Raises:
        FileError: The file is damaged or of another kind, or more than 1 % of its voxels are
            not finite.
        ResourceError: The file declares more voxels than may be read.
    """
    volume = _read(path, options=options)
    return replace(volume, voxels=(volume.voxels != 0).astype(np.float32), stored_as="uint8")


def read_grid(path: Path, *, options: ReadOptions = DEFAULTS) -> Grid:
    """Read the grid of a file without its voxels.

    Raises:
        FileError: The header is damaged or does not describe a volume.
        ResourceError: The header declares more voxels than may be read.
    """
    with _opened(path, options=options) as (_, layout):
        return layout.grid


def is_volume(path: Path) -> bool:
    """Whether `path` is named like a volume and is neither hidden nor the .img of a pair."""
    name = path.name.lower()
    return name.endswith(VOLUME_SUFFIXES) and not name.endswith(".img") and not name.startswith(".")


def stem_of(path: Path) -> str:
    """Name of a volume file without its ending."""
    for suffix in VOLUME_SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.stem


def _read(path: Path, *, options: ReadOptions) -> Volume:
    with _opened(path, options=options) as (contents, layout):
        index = volume_to_read(layout, path, options=options)
        voxels = made_finite(read_voxels(contents, layout, index=index), path)
    return Volume(voxels, layout.grid, stored_as=layout.dtype.name)


@contextmanager
def _opened(path: Path, *, options: ReadOptions) -> Iterator[tuple[Contents, Layout]]:
    """Open the file with the voxels at its first voxel, and yield it with its layout."""
    path = _header_of_pair(path)
    with open_contents(path) as contents:
        start = contents.take(LARGEST_HEADER)
        layout = _layout(start, path, options=options)
        if layout.voxel_path == path:
            yield _at_voxels(contents, layout, path, options=options), layout
            return
    with open_contents(layout.voxel_path) as contents:
        yield _at_voxels(contents, layout, layout.voxel_path, options=options), layout


def _header_of_pair(path: Path) -> Path:
    if path.suffix.lower() != ".img":
        return path
    for suffix in (".hdr", ".HDR"):
        if path.with_suffix(suffix).exists():
            return path.with_suffix(suffix)
    raise FileError(f"{path}: half of a .hdr/.img pair; the .hdr beside it is missing")


def _layout(start: bytes, path: Path, *, options: ReadOptions) -> Layout:
    if nifti_byte_order(start) is not None:
        return nifti_layout(start, path, options=options)
    if looks_like_mgh(start):
        return mgh_layout(start, path)
    raise FileError(f"{path}: {_what_it_is(start)}; give NIfTI, MGH or MGZ")


def _what_it_is(start: bytes) -> str:
    if start.startswith(ZIP_MAGIC):
        return "a zip archive"
    if start[DICOM_MAGIC_AT] == DICOM_MAGIC:
        return "a DICOM file"
    if not start.strip(b"\0"):
        return "nothing but zeros"
    if start.isascii() and b"\0" not in start:
        return "text"
    size = int.from_bytes(start[:4], "little")
    return f"not a volume (a NIfTI header has size 348 or 540, this one says {size})"


def _at_voxels(contents: Contents, layout: Layout, path: Path, *, options: ReadOptions) -> Contents:
    """`contents` positioned at the first voxel, after the declared sizes are checked."""
    size = f"{'at most ' if contents.gzipped else ''}{contents.holds_at_most}"
    if layout.offset >= contents.holds_at_most:
        raise FileError(
            f"{path}: vox_offset {layout.offset} lies beyond the file, which holds {size} bytes"
        )
    if layout.end > contents.holds_at_most:
        raise FileError(
            f"{path}: truncated; its header declares {layout.end} bytes, the file holds {size}"
        )
    refuse_oversized(layout, path, options=options)
    contents.rewind()
    contents.skip(layout.offset)
    return contents
