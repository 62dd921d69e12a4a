"""Losses over (B, 1, X, Y, Z), in float32 whatever precision networks answer in."""

import torch
from einops import reduce
from torch import Tensor
from torch.nn import functional


def masked_l1(synthesized: Tensor, target: Tensor, *, mask: Tensor) -> Tensor:
    """Mean over the batch of each item's mean absolute error inside its mask.

    Each item counts the same whatever its mask's size, so the value does not depend on how a
    batch is shared among processes. An item with an empty mask counts as zero.
    """
    return _masked_mean((synthesized.float() - target.float()).abs(), mask)


def masked_l2(answer: Tensor, wanted: Tensor, *, mask: Tensor) -> Tensor:
    """Mean over the batch of each item's mean squared error inside its mask, likewise."""
    return _masked_mean((answer.float() - wanted.float()).square(), mask)


def label_cross_entropy(logits: Tensor, *, label: float) -> Tensor:
    """Mean binary cross-entropy of a discriminator's logits, all of which should say `label`."""
    exact = logits.float()
    return functional.binary_cross_entropy_with_logits(exact, torch.full_like(exact, label))


def _masked_mean(error: Tensor, mask: Tensor) -> Tensor:
    summed = reduce(error * mask, "b 1 x y z -> b", "sum")
    voxels = reduce(mask, "b 1 x y z -> b", "sum")
    return (summed / voxels.clamp(min=1)).mean()
