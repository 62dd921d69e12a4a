"""Checks of training patch sizes: whether a network can halve them and normalize over them."""

import math
from collections.abc import Iterable

from crossvox.errors import SettingsError

Sizes = tuple[int, int, int]


def refuse_undivided(sizes: Sizes, *, halvings: int, setting: str) -> None:
    """Check that each size can be halved `halvings` times without a remainder.

    Args:
        sizes: Size of a training patch in voxels.
        halvings: Number of times that the network halves the sizes.
        setting: Name and value of the setting that determines this, for the message.

    Raises:
        SettingsError: A size leaves a remainder.
    """
    multiple = 2**halvings
    if all(size > 0 and size % multiple == 0 for size in sizes):
        return
    # At least two multiples: a single one would be halved to one voxel, which is refused below.
    nearest = [max(2, round(size / multiple)) * multiple for size in sizes]
    raise SettingsError(
        f"training.patch {format_sizes(sizes)} cannot be halved {halvings} times ({setting}): each"
        f" size must be a multiple of {multiple}, such as {format_sizes(nearest)}"
    )


def refuse_exhausted(sizes: Sizes, *, halvings: int, setting: str) -> None:
    """Check that more than one voxel remains, because normalizing a single voxel gives 0.

    Args:
        sizes: Size of a training patch in voxels.
        halvings: Number of times that the network halves the sizes, rounding up.
        setting: Name and value of the setting that determines this, for the message.

    Raises:
        SettingsError: A single voxel remains.
    """
    if math.prod(math.ceil(size / 2**halvings) for size in sizes) > 1:
        return
    raise SettingsError(
        f"training.patch {format_sizes(sizes)} is halved to a single voxel ({setting}), which"
        " cannot be normalized: enlarge training.patch or lower that setting"
    )


def refuse_small(sizes: Sizes, *, axes: Iterable[int], smallest: int, setting: str) -> None:
    """Check that a patch is large enough along `axes`.

    Args:
        sizes: Size of a training patch in voxels.
        axes: Axes that must be large enough, 0 to 2.
        smallest: Smallest permitted size along each of them in voxels.
        setting: Name and value of the setting that determines this, for the message.

    Raises:
        SettingsError: A size is smaller.
    """
    axes = tuple(axes)
    if all(sizes[axis] >= smallest for axis in axes):
        return
    names = " and ".join("XYZ"[axis] for axis in axes)
    raise SettingsError(
        f"training.patch {format_sizes(sizes)} is too small ({setting}): {names} must be at least"
        f" {smallest}; enlarge training.patch or lower that setting"
    )


def format_sizes(sizes: Iterable[int]) -> str:
    """Format sizes for messages, as "96x96x48"."""
    return "x".join(str(size) for size in sizes)
