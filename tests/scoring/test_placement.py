"""Volumes on the grid of the reference."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from crossvox import metrics
from crossvox.files import read_volume
from crossvox.scoring.placement import place, read_labels_onto, read_mask_onto
from crossvox.volume import Grid, Volume
from crossvox.volume.foreground import head_mask

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]
DATA = Path(__file__).resolve().parents[2] / "../shared/data/flair_t1_2mm"
FOURFOLD = 4


def averaged(volume: Volume) -> Volume:
    """Blocks of four voxels a side averaged, in the middle of a field of view they divide."""
    sizes = [size // FOURFOLD for size in volume.grid.shape]
    x, y, z = (size * FOURFOLD for size in sizes)
    blocks = volume.voxels[:x, :y, :z].reshape(
        sizes[0], FOURFOLD, sizes[1], FOURFOLD, sizes[2], FOURFOLD
    )
    affine = volume.grid.affine @ np.diag([FOURFOLD, FOURFOLD, FOURFOLD, 1.0])
    middle = (FOURFOLD - 1) / 2
    affine[:3, 3] = volume.grid.to_mm(np.full((1, 3), middle))[0]
    voxels = blocks.mean(axis=(1, 3, 5))
    return Volume(voxels, Grid((sizes[0], sizes[1], sizes[2]), affine))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared real volumes are not here")
def test_a_coarse_copy_of_a_real_scan_is_scored_as_its_content_on_the_fine_grid() -> None:
    path = DATA / "sub-n11/anat/sub-n11_T1w.nii.gz"
    real = read_volume(path)
    coarse = averaged(real)
    placed = place(coarse, real.grid).volume.voxels
    # the same content put back on 2 mm by scipy
    back = ndimage.affine_transform(
        coarse.voxels,
        np.linalg.inv(coarse.grid.affine) @ real.grid.affine,
        output_shape=real.grid.shape,
        order=1,
        mode="nearest",
    )
    mask = head_mask(real.voxels)
    mask[FOURFOLD * coarse.grid.shape[0] :] = False  # beyond the last block
    mask[:, FOURFOLD * coarse.grid.shape[1] :] = False
    mask[:, :, FOURFOLD * coarse.grid.shape[2] :] = False
    np.testing.assert_allclose(placed[mask], back[mask], rtol=1e-3, atol=1e-2)
    error = metrics.mae(placed, real.voxels, mask=mask)
    assert error == pytest.approx(metrics.mae(back, real.voxels, mask=mask), rel=1e-3)
    assert error > 50


def test_a_volume_that_covers_all_keeps_no_coverage(make_head: MakeHead, grid: Grid) -> None:
    placed = place(Volume(make_head(0), grid), grid)
    assert placed.covered is None
    assert not placed.moved
    assert placed.uncovered_share(np.ones(grid.shape, dtype=bool)) == 0


def test_half_a_field_of_view_covers_half(make_head: MakeHead, grid: Grid) -> None:
    half = Grid((11, 24, 14), grid.affine)
    placed = place(Volume(make_head(0)[:11], half), grid)
    assert placed.moved
    assert placed.uncovered_share(np.ones(grid.shape, dtype=bool)) == pytest.approx(0.5)
    np.testing.assert_array_equal(placed.volume.voxels[11:], make_head(0)[:11].min())


def test_masks_and_labels_take_the_nearest_value(tmp_path: Path, write: Write, grid: Grid) -> None:
    coarse = Grid((11, 12, 7), grid.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))
    regions = np.zeros(coarse.shape, dtype=np.float32)
    regions[4:7, 4:7, 2:5] = 5
    path = write(tmp_path / "labels.nii.gz", regions, on=coarse)
    labels, moved = read_labels_onto(path, grid)
    mask, _ = read_mask_onto(path, grid)
    assert moved
    assert set(np.unique(labels)) == {0, 5}
    np.testing.assert_array_equal(mask, labels == 5)
    assert read_labels_onto(path, coarse)[1] is False
