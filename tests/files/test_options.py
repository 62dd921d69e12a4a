"""Limits on reading volumes."""

from crossvox.files import ReadOptions
from crossvox.files.machine_memory import available_memory_bytes


def test_ten_copies_of_the_largest_volume_fill_half_of_the_free_memory() -> None:
    free = available_memory_bytes()
    # Other processes use memory between the two measurements.
    assert 0.25 * free < ReadOptions().voxel_limit() * 4 * 10 < free


def test_a_limit_that_is_given_counts() -> None:
    assert ReadOptions(max_voxels=7).voxel_limit() == 7
