"""Conversion to volumes from paths, nibabel images and arrays with their affine."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.spatialimages import SpatialImage
from numpy.typing import ArrayLike, NDArray

from crossvox.errors import FileError, SettingsError
from crossvox.files.formats import read_volume
from crossvox.files.voxels import made_finite, refuse_constant
from crossvox.volume import Grid, Volume

AXES, PAIR = 3, 2
ARRAY = Path("the array")  # stands for the file name in error messages


def volume_of(
    image: Any,  # noqa: ANN401 - any of the types below
    *,
    affine: ArrayLike | None = None,
    modality: str = "",
    unit: str = "arbitrary",
) -> Volume:
    """Convert a path, a nibabel image or an array with an affine to a volume.

    Args:
        image: `Volume`, `str`, `Path`, nibabel image, (X, Y, Z) array, or (array, affine).
        affine: (4, 4) matrix from voxel index to RAS+ millimeters, for an array without one.
        modality: BIDS suffix for a volume that has none.
        unit: Unit of the intensities, unless `image` is a `Volume`.

    Raises:
        SettingsError: `image` has another type, or is an array without an affine.
        FileError: The file cannot be read, or the voxels do not have three axes, are constant, or
            more than 1 % of them are not finite.
        GridError: The affine is impossible.
    """
    if isinstance(image, Volume):
        return image if image.modality else image.with_voxels(image.voxels, modality=modality)
    if isinstance(image, str | os.PathLike):
        return read_volume(Path(image), modality=modality, unit=unit)
    if isinstance(image, SpatialImage):
        name = Path(image.get_filename() or "the image")
        return _of_array(np.asarray(image.dataobj), image.affine, name, modality, unit)
    is_pair = isinstance(image, tuple) and len(image) == PAIR
    array, matrix = image if is_pair else (image, affine)
    if not isinstance(array, np.ndarray):
        raise SettingsError(
            "a volume is a path, a nibabel image, a crossvox.Volume or an array with its affine;"
            f" got {type(image).__name__}"
        )
    if matrix is None:
        raise SettingsError("an array needs its affine: (array, affine), or affine=…")
    return _of_array(array, matrix, ARRAY, modality, unit)


def _of_array(
    array: NDArray[Any], affine: ArrayLike, name: Path, modality: str, unit: str
) -> Volume:
    if array.ndim > AXES and set(array.shape[AXES:]) == {1}:
        array = array.reshape(array.shape[:AXES])
    if array.ndim != AXES or not np.issubdtype(array.dtype, np.number):
        raise FileError(f"{name}: expected numbers on three axes, got {array.dtype}{array.shape}")
    if np.iscomplexobj(array):
        raise FileError(f"{name}: holds complex numbers; give their magnitude")
    matrix = np.asarray(affine, dtype=np.float64)
    if matrix.shape != (AXES + 1, AXES + 1):
        raise SettingsError(f"{name}: an affine is 4 x 4, got {matrix.shape}")
    stored_as = array.dtype.name
    voxels = made_finite(np.asarray(array, dtype=np.float32), name)
    refuse_constant(voxels, name)
    grid = Grid((array.shape[0], array.shape[1], array.shape[2]), matrix)
    return Volume(voxels, grid, modality=modality, unit=unit, stored_as=stored_as)
