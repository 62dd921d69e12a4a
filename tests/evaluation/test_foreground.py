from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from crossvox.evaluation.foreground import head_of

MakeHead = Callable[[int], NDArray[np.float32]]


def test_the_head_is_the_bright_ball_to_a_voxel_of_its_border(make_head: MakeHead) -> None:
    voxels = make_head(0)
    truth = voxels > 100
    found = head_of(voxels)
    # closing by two voxels may fill the ball's stair steps
    assert truth[found].mean() > 0.95
    assert found[truth].all()


def test_holes_are_filled_and_islands_left_out(make_head: MakeHead) -> None:
    voxels = make_head(0)
    voxels[10:13, 11:14, 6:8] = 0
    voxels[0, 0, 0] = 500
    found = head_of(voxels)
    assert found[11, 12, 7]
    assert not found[0, 0, 0]


def test_a_head_cut_by_the_border_reaches_the_border(make_head: MakeHead) -> None:
    voxels = make_head(0)[:, :, :7]
    assert head_of(voxels)[11, 12, 6]


def test_the_head_does_not_depend_on_the_unit(make_head: MakeHead) -> None:
    voxels = make_head(1)
    np.testing.assert_array_equal(head_of(voxels), head_of(voxels * 8 - 1024))


def test_a_constant_volume_is_all_head() -> None:
    assert head_of(np.zeros((4, 4, 4), dtype=np.float32)).all()
