"""Writing and reading is the identity, and other software's files are read as it reads them."""

import gzip
import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from crossvox.files import read_volume, write_volume
from crossvox.volume import Grid, Volume

SHAPES = st.tuples(*[st.integers(2, 7)] * 3)
SLOPES = st.sampled_from([1.0, -1.0, 0.25, 0.0137, 31.4])
INTERCEPTS = st.sampled_from([0.0, -1024.0, 0.37])
TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float32", "float64"]
EXAMPLES = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def affines(draw: st.DrawFn, *, shears: bool) -> NDArray[np.float64]:
    """Draw rotated, anisotropic, left- or right-handed affines, sheared on request."""
    angles = draw(st.tuples(*[st.floats(-180, 180)] * 3))
    spacing = np.array(draw(st.tuples(*[st.floats(0.3, 6)] * 3)))
    signs = np.array(draw(st.tuples(*[st.sampled_from([1.0, -1.0])] * 3)))
    shear = np.eye(3)
    if shears and draw(st.booleans()):
        shear[0, 1], shear[0, 2], shear[1, 2] = draw(st.tuples(*[st.floats(-0.4, 0.4)] * 3))
    affine = np.eye(4)
    rotation = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    affine[:3, :3] = rotation @ shear * (spacing * signs)
    affine[:3, 3] = draw(st.tuples(*[st.floats(-300, 300)] * 3))
    return affine


@EXAMPLES
@given(data=st.data(), affine=affines(shears=True), shape=SHAPES)
def test_a_written_volume_is_read_back_on_its_grid_with_its_voxels(
    tmp_path: Path, data: st.DataObject, affine: NDArray[np.float64], shape: tuple[int, int, int]
) -> None:
    stored_as = data.draw(st.sampled_from([*TYPES, *FLOATS]))
    low, span = data.draw(st.sampled_from([(0.0, 1.0), (-1000.0, 4000.0), (0.0, 1e6)]))
    noise = np.random.default_rng(data.draw(st.integers(0, 2**32))).random(shape)
    volume = Volume(
        (low + span * noise).astype(np.float32), Grid(shape, affine), stored_as=stored_as
    )
    path = tmp_path / data.draw(st.sampled_from(["a.nii.gz", "a.nii"]))
    write_volume(path, volume)
    read = read_volume(path)
    # 1e-4 mm: sums of float32 entries up to 300 mm, each rounded by at most 1.6e-5.
    assert read.grid.matches(volume.grid, tolerance_mm=1e-4)
    bound = 0.0
    if stored_as not in FLOATS:
        is_rounded = span > 255 and low + span <= 32767
        bound = 0.5 if is_rounded else span / 60000
    # Reading rounds to float32 once more.
    rounding = np.spacing(np.abs(volume.voxels).max())
    np.testing.assert_allclose(read.voxels, volume.voxels, rtol=0, atol=bound + rounding)


@EXAMPLES
@given(data=st.data(), affine=affines(shears=True), shape=SHAPES)
def test_a_file_of_nibabel_is_read_as_nibabel_reads_it(
    tmp_path: Path, data: st.DataObject, affine: NDArray[np.float64], shape: tuple[int, int, int]
) -> None:
    dtype = np.dtype(data.draw(st.sampled_from([*TYPES, *FLOATS])))
    order = data.draw(st.sampled_from(["<", ">"]))
    stored = data.draw(arrays.arrays(dtype, shape, elements=_elements(dtype)))
    stored.flat[:2] = (0, 1)  # never constant
    path = tmp_path / data.draw(st.sampled_from(["b.nii.gz", "b.nii"]))
    kind = data.draw(st.sampled_from([nibabel.Nifti1Image, nibabel.Nifti2Image]))
    image = kind(stored, affine, dtype=stored.dtype)  # type: ignore[no-untyped-call]  # nibabel is untyped
    _write_with_nibabel(path, image, order, data)
    theirs = kind.from_filename(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nibabel's own casts
        expected = theirs.get_fdata().astype(np.float32)
    ours = read_volume(path)
    np.testing.assert_array_equal(ours.voxels, expected)
    np.testing.assert_array_equal(ours.grid.affine, theirs.affine)


def _elements(dtype: np.dtype[Any]) -> st.SearchStrategy[Any]:
    if dtype.kind == "f":
        return arrays.from_dtype(dtype, min_value=-(2.0**100), max_value=2.0**100, allow_nan=False)
    return arrays.from_dtype(dtype)


def _write_with_nibabel(
    path: Path, image: nibabel.Nifti1Image, order: str, data: st.DataObject
) -> None:
    """Write `image` in a byte order, with a slope and intercept that its data ignore."""
    content = image.to_bytes()
    header = image.header.as_byteswapped(order)
    size = int(header["sizeof_hdr"])
    header["vox_offset"], header["magic"] = size + 4, b"n+1" if size < 400 else b"n+2"
    header["scl_slope"], header["scl_inter"] = data.draw(SLOPES), data.draw(INTERCEPTS)
    stored = np.asanyarray(image.dataobj)
    swapped = stored.astype(header.get_data_dtype()).tobytes(order="F")
    assert len(content) == size + 4 + len(swapped)
    packed = header.binaryblock + bytes(4) + swapped
    path.write_bytes(gzip.compress(packed, 1) if path.suffix == ".gz" else packed)


def test_an_oblique_left_handed_file_keeps_its_handedness(tmp_path: Path) -> None:
    affine = np.diag([-0.7, 0.7, 3.0, 1.0])
    affine[:3, :3] = Rotation.from_euler("x", 12, degrees=True).as_matrix() @ affine[:3, :3]
    voxels = np.random.default_rng(0).random((5, 6, 7)).astype(np.float32)
    write_volume(tmp_path / "a.nii.gz", Volume(voxels, Grid((5, 6, 7), affine)))
    assert np.linalg.det(read_volume(tmp_path / "a.nii.gz").grid.affine[:3, :3]) == pytest.approx(
        np.linalg.det(affine[:3, :3]), rel=1e-5
    )
