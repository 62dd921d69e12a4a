import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

from crossvox.volume.foreground import ascending, head_mask, otsu_threshold, percentile


def ball(seed: int) -> NDArray[np.float32]:
    """Bright ball with soft structure in a dark, faintly noisy volume."""
    shape = (22, 24, 14)
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij")
    inside = 400 + 120 * np.sin(5 * x + seed) * np.cos(4 * y) + 60 * np.cos(6 * z)
    outside = np.random.default_rng(seed).uniform(0, 4, shape)
    return np.asarray(np.where(x**2 + y**2 + z**2 < 0.75, inside, outside), dtype=np.float32)


def test_the_threshold_lies_between_background_and_head() -> None:
    assert 4 < otsu_threshold(ascending(ball(0))) < ball(0)[ball(0) > 4].min() + 1


def test_the_threshold_is_scikit_images() -> None:
    voxels = np.random.default_rng(0).gamma(2.0, 40.0, (20, 21, 22)).astype(np.float32)
    cut = np.minimum(voxels, np.percentile(voxels, 99.5))
    bin_width = np.ptp(cut) / 256
    # scikit-image returns the center of the bin below ours.
    assert abs(otsu_threshold(ascending(voxels)) - float(threshold_otsu(cut))) <= bin_width  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("share", [0, 0.5, 50, 99.5, 100])
def test_percentiles_are_numpys(share: float) -> None:
    voxels = np.random.default_rng(1).normal(size=(7, 11, 13)).astype(np.float32)
    assert percentile(ascending(voxels), share) == pytest.approx(np.percentile(voxels, share))


def test_the_head_is_the_bright_ball_to_a_voxel_of_its_border() -> None:
    voxels = ball(0)
    truth = voxels > 100
    found = head_mask(voxels)
    # Closing by two voxels may fill the stair steps of the ball's surface.
    assert truth[found].mean() > 0.95
    assert found[truth].all()


def test_holes_are_filled_and_islands_left_out() -> None:
    voxels = ball(0)
    voxels[10:13, 11:14, 6:8] = 0
    voxels[0, 0, 0] = 500
    found = head_mask(voxels)
    assert found[11, 12, 7]
    assert not found[0, 0, 0]


def test_a_head_cut_by_the_border_reaches_the_border() -> None:
    voxels = ball(0)[:, :, :7]
    assert head_mask(voxels)[11, 12, 6]


def test_the_head_does_not_depend_on_the_unit() -> None:
    voxels = ball(1)
    np.testing.assert_array_equal(head_mask(voxels), head_mask(voxels * 8 - 1024))


def test_a_constant_volume_is_all_head() -> None:
    assert head_mask(np.zeros((4, 4, 4), dtype=np.float32)).all()
