"""Sizes of training patches."""

import pytest

from crossvox.errors import SettingsError
from crossvox.networks.patches import format_sizes, refuse_exhausted, refuse_small, refuse_undivided


def test_sizes_that_halve_without_a_remainder_pass() -> None:
    refuse_undivided((96, 64, 16), halvings=4, setting="method.depth 4")


@pytest.mark.parametrize("sizes", [(96, 64, 24), (0, 16, 16)])
def test_a_remainder_is_refused_with_the_nearest_sizes(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(SettingsError, match=r"method\.depth 4.* multiple of 16, such as \d+x\d+x"):
        refuse_undivided(sizes, halvings=4, setting="method.depth 4")


def test_the_sizes_that_a_refusal_names_leave_more_than_one_voxel() -> None:
    with pytest.raises(SettingsError, match="such as 32x32x32"):
        refuse_undivided((8, 8, 8), halvings=4, setting="method.depth 4")


def test_a_single_voxel_is_refused_and_two_pass() -> None:
    refuse_exhausted((32, 16, 9), halvings=4, setting="method.depth 4")
    with pytest.raises(SettingsError, match=r"16x16x9 .* single voxel \(method\.depth 4\)"):
        refuse_exhausted((16, 16, 9), halvings=4, setting="method.depth 4")


def test_only_the_axes_that_matter_must_be_large() -> None:
    refuse_small((24, 24, 1), axes=(0, 1), smallest=24, setting="method.discriminator_levels 3")
    with pytest.raises(SettingsError, match=r"24x16x1 .* X and Y must be at least 24"):
        refuse_small((24, 16, 1), axes=(0, 1), smallest=24, setting="method.discriminator_levels 3")


def test_sizes_are_written_with_crosses() -> None:
    assert format_sizes((96, 96, 48)) == "96x96x48"
