"""Limits at reading."""

import psutil

from crossvox.files import ReadOptions


def test_the_default_limit_is_half_of_free_memory_as_float32() -> None:
    free = psutil.virtual_memory().available
    # Others use memory between the two looks at it.
    assert 0.25 * free < ReadOptions().voxel_limit() * 8 < 2 * free


def test_a_limit_that_is_given_counts() -> None:
    assert ReadOptions(max_voxels=7).voxel_limit() == 7
