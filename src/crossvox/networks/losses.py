"""Losses over (B, 1, X, Y, Z)."""

from einops import reduce
from torch import Tensor


def masked_l1(synthesized: Tensor, target: Tensor, *, mask: Tensor) -> Tensor:
    """Mean over the batch of each item's mean absolute error inside its mask.

    Each item counts the same whatever its mask's size, so the value does not depend on how a
    batch is shared among processes. An item with an empty mask counts as zero.
    """
    return _masked_mean((synthesized - target).abs(), mask)


def masked_l2(answer: Tensor, wanted: Tensor, *, mask: Tensor) -> Tensor:
    """Mean over the batch of each item's mean squared error inside its mask, likewise."""
    return _masked_mean((answer - wanted).square(), mask)


def _masked_mean(error: Tensor, mask: Tensor) -> Tensor:
    summed = reduce(error * mask, "b 1 x y z -> b", "sum")
    voxels = reduce(mask, "b 1 x y z -> b", "sum")
    return (summed / voxels.clamp(min=1)).mean()
