"""Copying volumes to another memory order."""

from typing import Literal

import numpy as np
import pytest

from crossvox.volume.memory_order import copied_in_order


@pytest.mark.parametrize("given", ["C", "F"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(40, 17, 33), (16, 3, 16), (1, 1, 1)])
@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_a_copy_has_the_voxels_and_the_order(
    given: Literal["C", "F"],
    order: Literal["C", "F"],
    shape: tuple[int, int, int],
    kind: type[np.float32] | type[np.int16],
) -> None:
    voxels = np.asarray(np.random.default_rng(0).integers(0, 999, shape), dtype=kind, order=given)
    copy = copied_in_order(voxels, order)
    np.testing.assert_array_equal(copy, voxels)
    assert copy.flags[order]
    assert copy.dtype == voxels.dtype
    assert not np.shares_memory(copy, voxels)


def test_a_view_that_runs_backwards_is_copied_forwards() -> None:
    voxels = np.arange(40 * 5 * 20).reshape(20, 5, 40).transpose(2, 1, 0)[::-1, :, ::-1]
    np.testing.assert_array_equal(copied_in_order(voxels, "C"), voxels)
