"""How much is computed, counted by hand."""

from dataclasses import replace
from itertools import pairwise

import pytest

from crossvox.variants.arithmetic import (
    REWRITTEN,
    TRAINED,
    WRITTEN,
    operations_of_prediction,
    operations_of_training,
)
from crossvox.variants.variant import Setting


def by_hand(*, voxels: int, width: int, taps_of_up_sampling: int) -> int:
    """Operations of the paper's generator: 4 poolings, widths doubling.

    Args:
        taps_of_up_sampling: For one fine voxel: 27 of a 3x3x3 convolution, or 8 of the 64 of a
            4x4x4 transposed one of stride 2.
    """
    widths = [width * 2**level for level in range(5)]

    def block(inputs: int, outputs: int) -> int:
        shortcut = 0 if inputs == outputs else inputs * outputs
        return 27 * (inputs * outputs + outputs**2) + shortcut

    total = voxels * (block(1, width) + width)
    for level, (fine, coarse) in enumerate(pairwise(widths)):
        here = voxels // 8**level
        total += here // 8 * block(fine, coarse)
        total += here * (taps_of_up_sampling * coarse * fine + block(2 * fine, fine))
    return 2 * total


def test_operations_of_a_volume_are_those_counted_by_hand(small: Setting) -> None:
    counted = operations_of_prediction(small)
    for name, taps in ((WRITTEN, 27), (REWRITTEN, 8)):
        assert counted[name] == by_hand(voxels=32**3, width=2, taps_of_up_sampling=taps)


def test_the_papers_size_takes_what_was_measured_before(small: Setting) -> None:
    counted = operations_of_prediction(replace(small, sizes=(240, 288, 48), width=16))
    assert counted[WRITTEN] / 1e9 == pytest.approx(551, rel=0.01)  # GFLOP, the page


def test_a_step_goes_forwards_and_back_and_rewriting_saves_of_both(small: Setting) -> None:
    step, volume = operations_of_training(small), operations_of_prediction(small)
    assert (
        step[WRITTEN]
        > 3 * volume[WRITTEN] - by_hand(voxels=32**3, width=2, taps_of_up_sampling=0) / 2
    )
    assert step[TRAINED] < step[WRITTEN]
