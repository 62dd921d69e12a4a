"""Which sizes of training patches a network can halve and normalize over."""

import math
from collections.abc import Iterable

from crossvox.errors import SettingsError

Sizes = tuple[int, int, int]


def refuse_undivided(sizes: Sizes, *, halvings: int, setting: str) -> None:
    """Check that each size can be halved so often without a remainder.

    Args:
        sizes: Voxels of a training patch.
        halvings: How often the network halves them.
        setting: Name and value of the setting that decides this.

    Raises:
        SettingsError: A size leaves a remainder.
    """
    multiple = 2**halvings
    if all(size > 0 and size % multiple == 0 for size in sizes):
        return
    # Two multiples at least: a single one would end as one voxel, which normalization refuses.
    nearest = [max(2, round(size / multiple)) * multiple for size in sizes]
    raise SettingsError(
        f"training.patch {written(sizes)} cannot be halved {halvings} times ({setting}): each size"
        f" must be a multiple of {multiple}, such as {written(nearest)}"
    )


def refuse_exhausted(sizes: Sizes, *, halvings: int, setting: str) -> None:
    """Check that more than one voxel is left, because normalization over one gives 0.

    Args:
        sizes: Voxels of a training patch.
        halvings: How often the network halves them; odd sizes are rounded up.
        setting: Name and value of the setting that decides this.

    Raises:
        SettingsError: One voxel is left.
    """
    if math.prod(math.ceil(size / 2**halvings) for size in sizes) > 1:
        return
    raise SettingsError(
        f"training.patch {written(sizes)} is halved to a single voxel ({setting}), which cannot be"
        " normalized: enlarge training.patch or lower that setting"
    )


def refuse_small(sizes: Sizes, *, axes: Iterable[int], smallest: int, setting: str) -> None:
    """Check that a patch is large enough along some axes.

    Args:
        sizes: Voxels of a training patch.
        axes: Those that must be large enough.
        smallest: Fewest voxels along each of them.
        setting: Name and value of the setting that decides this.

    Raises:
        SettingsError: A size is smaller.
    """
    axes = tuple(axes)
    if all(sizes[axis] >= smallest for axis in axes):
        return
    names = " and ".join("XYZ"[axis] for axis in axes)
    raise SettingsError(
        f"training.patch {written(sizes)} is too small ({setting}): {names} must be at least"
        f" {smallest}; enlarge training.patch or lower that setting"
    )


def written(sizes: Iterable[int]) -> str:
    """Sizes as messages have them, "96x96x48"."""
    return "x".join(str(size) for size in sizes)
