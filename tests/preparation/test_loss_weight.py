"""Where losses count."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.errors import CohortError
from crossvox.files import read_volume
from crossvox.preparation.loss_weight import AIR_WEIGHT, MARGIN_MM, MOST_CENTERS, loss_region
from crossvox.volume import Grid, Volume
from crossvox.volume.foreground import head_mask

REAL = Path(__file__).resolve().parents[2] / "../shared/data"
SHAPE = (40, 40, 40)


def ball(radius: float, *, at: tuple[float, float, float] = (20, 20, 20)) -> NDArray[np.bool_]:
    places = np.moveaxis(np.indices(SHAPE), 0, -1) - np.array(at)
    return np.asarray((places**2).sum(axis=-1) <= radius**2)


def volume(bright: NDArray[np.bool_], *, spacing_mm: float = 2.0) -> Volume:
    air = np.random.default_rng(0).uniform(-0.99, -0.97, SHAPE).astype(np.float32)
    voxels = np.where(bright, np.float32(0.5), air)
    return Volume(voxels, Grid(SHAPE, np.diag([spacing_mm] * 3 + [1.0])), "T1w")


def every_second(volume: Volume) -> Volume:
    """A quarter of the voxels: every second along X and Y."""
    voxels = np.ascontiguousarray(volume.voxels[::2, ::2])
    return Volume(voxels, Grid(voxels.shape, volume.grid.affine @ np.diag([2.0, 2, 1, 1])))


def mask(inside: NDArray[np.bool_]) -> Volume:
    return volume(inside).with_voxels(inside.astype(np.float32))


def test_the_heads_of_source_and_target_count_whole_and_air_a_little() -> None:
    source, target = ball(6, at=(16, 20, 20)), ball(6, at=(24, 20, 20))
    weight = loss_region([volume(source)], volume(target), mask=None).weight
    assert (weight[source | target] == 1).all()
    assert weight[0, 0, 0] == np.float32(AIR_WEIGHT)
    assert set(np.unique(weight)) == {np.float32(AIR_WEIGHT), np.float32(1)}


def test_the_margin_is_in_millimeters() -> None:
    head = ball(8)
    for spacing_mm in (2.0, 4.0):
        target = volume(head, spacing_mm=spacing_mm)
        line = loss_region([target], target, mask=None).weight[:, 20, 20]
        assert (line == 1).sum() == 17 + 2 * int(MARGIN_MM / spacing_mm)


def test_the_outline_of_a_fine_volume_is_found_to_a_millimeter() -> None:
    target = volume(ball(5), spacing_mm=0.6)  # found in every third voxel
    line = loss_region([target], target, mask=None).weight[:, 20, 20]
    assert (line == 1).sum() == pytest.approx(11 + 2 * int(MARGIN_MM / 0.6), abs=2 / 0.6)
    centers = loss_region([target], target, mask=None).centers
    assert np.linalg.norm(centers - 20.0, axis=1).max() < 5 + 3


def test_what_the_target_does_not_show_does_not_count() -> None:
    target = volume(ball(10))
    target.voxels[:, :, 24:] = np.nan
    region = loss_region([volume(ball(10))], target, mask=None)
    assert (region.weight[:, :, 24:] == 0).all()
    assert region.centers[:, 2].max() == 23


def test_slices_through_the_head_that_hold_one_value_are_not_shown() -> None:
    source, target = volume(ball(10)), volume(ball(10))
    target.voxels[:, 26:] = -1
    weight = loss_region([source], target, mask=None).weight
    assert (weight[:, 26:30] == 0).all()
    assert (weight[:, :26] > 0).all()
    assert (weight[:, 30:] > 0).all()  # air in both, and the ball's last voxel


def test_a_mask_that_is_given_counts_alone() -> None:
    inside = ball(4)
    region = loss_region([volume(ball(10))], volume(ball(10)), mask=mask(inside))
    assert np.array_equal(region.weight, inside.astype(np.float32))


def test_centers_are_voxels_of_the_head_from_all_of_it() -> None:
    head = ball(12)
    centers = loss_region([volume(head)], volume(head), mask=None).centers
    assert len(centers) == MOST_CENTERS
    assert head[tuple(centers.T)].all()
    # 4096 of 7153 voxels drawn evenly: their mean is the middle to 4 standard errors, 0.3 voxels
    np.testing.assert_allclose(centers.mean(axis=0), 20, atol=0.35)


def test_an_empty_mask_is_refused() -> None:
    head = volume(ball(10))
    with pytest.raises(CohortError, match="the mask is empty"):
        loss_region([head], head, mask=mask(np.zeros(SHAPE, dtype=bool)))


def test_a_target_that_shows_nothing_of_the_head_is_refused() -> None:
    target = volume(ball(10))
    target.voxels[:] = np.nan
    with pytest.raises(CohortError, match="field of view of T1w does not overlap"):
        loss_region([volume(ball(10))], target, mask=None)


@pytest.mark.skipif(not REAL.is_dir(), reason="shared/data is not on this machine")
def test_the_part_of_a_real_head_that_its_target_misses_does_not_count() -> None:
    missed = {}
    for session in ("ses-1", "ses-2"):
        stem = REAL / f"flair_t1_native/sub-01/{session}/anat/sub-01_{session}"
        source, target = (
            every_second(read_volume(Path(f"{stem}_{name}.nii.gz"))) for name in ("FLAIR", "T1w")
        )
        weight = loss_region([source], target, mask=None).weight
        missed[session] = float((weight[head_mask(source.voxels)] == 0).mean())
    # 9 % of the first session's head is exactly 0 in T1w, 1.1 % of the second's (bone, sinuses)
    assert 0.07 < missed["ses-1"] < 0.09
    assert missed["ses-2"] == 0
