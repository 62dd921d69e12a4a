import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from crossvox.report.figures import draw_strip
from crossvox.scoring.loading import load_pair
from crossvox.scoring.pairs import Pair
from crossvox.volume import Grid

Write = Callable[..., Path]
SHAPE = (20, 24, 16)
TALLER_THAN_TEXT = 40


def gray(picture: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("L"))


@pytest.fixture
def draw(tmp_path: Path, write: Write) -> Callable[..., NDArray[np.uint8]]:
    def drawn(voxels: NDArray[np.float32], grid: Grid) -> NDArray[np.uint8]:
        real = write(tmp_path / "r.nii.gz", voxels, on=grid)
        mask = write(tmp_path / "m.nii.gz", np.ones(grid.shape, dtype=np.float32), on=grid)
        pair = Pair(subject="a", name="a", synthesized=real, reference=real, mask=mask)
        return gray(draw_strip(load_pair(pair)))

    return drawn


def bright(corner: tuple[slice, slice, slice]) -> NDArray[np.float32]:
    voxels = np.random.default_rng(0).uniform(0, 10, SHAPE).astype(np.float32)
    voxels[corner] += 100
    return voxels


def synthesized_panels(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    """Axial, coronal and sagittal picture of the first column, without its title."""
    panel = picture[:, : int(picture.shape[1] * 0.26)]
    lit = np.flatnonzero((panel > 60).sum(axis=1) > 12)
    breaks = np.flatnonzero(np.diff(lit) > 3)
    groups = [rows for rows in np.split(lit, breaks + 1) if len(rows) > TALLER_THAN_TEXT]
    return tuple(panel[rows.min() : rows.max()] for rows in groups)


def test_the_patient_s_right_is_on_the_picture_s_left(
    draw: Callable[..., NDArray[np.uint8]],
) -> None:
    half = bright((slice(SHAPE[0] // 2, None), slice(None), slice(None)))
    picture = draw(half, Grid(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0])))
    axial = synthesized_panels(picture)[0]
    columns = np.flatnonzero((axial > 60).sum(axis=0) > axial.shape[0] // 2)
    # x grows to the right of the patient: that half is bright and lies left of the middle
    assert columns.mean() < picture.shape[1] * 0.26 * 0.4


def test_the_picture_does_not_depend_on_how_the_axes_are_stored(
    draw: Callable[..., NDArray[np.uint8]],
) -> None:
    voxels = bright((slice(12, None), slice(4, 9), slice(3, 9)))
    straight = Grid(SHAPE, np.diag([2.0, 2.0, 3.0, 1.0]))
    turn = np.array([[0, -2.0, 0, 38], [0, 0, 2.0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])
    stored = np.ascontiguousarray(voxels[::-1].transpose(2, 0, 1))
    turned = Grid((SHAPE[2], SHAPE[0], SHAPE[1]), turn)
    assert np.array_equal(draw(voxels, straight), draw(stored, turned))


def test_proportions_are_those_in_millimeters(draw: Callable[..., NDArray[np.uint8]]) -> None:
    voxels = bright((slice(None), slice(None), slice(None)))
    flat = draw(voxels, Grid(SHAPE, np.diag([2.0, 2.0, 1.0, 1.0])))
    tall = draw(voxels, Grid(SHAPE, np.diag([2.0, 2.0, 4.0, 1.0])))
    assert tall.shape[1] == flat.shape[1]
    # two of three rows are three times 16 x 1 mm higher: 2 x 48 mm on 48 mm of one column
    per_mm = flat.shape[1] / (3 * (48 + 5) + 58)
    assert tall.shape[0] - flat.shape[0] == pytest.approx(2 * 48 * per_mm, rel=0.02)
