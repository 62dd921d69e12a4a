"""Losses over (B, 1, X, Y, Z) with a weight per voxel, computed in float32."""

import torch
from einops import reduce
from torch import Tensor
from torch.nn import functional


def masked_l1(synthesized: Tensor, target: Tensor, *, mask: Tensor) -> Tensor:
    """Mean over the batch of each item's weighted mean absolute error.

    Args:
        synthesized: Output of the network.
        target: Reference for the output.
        mask: Weight of each voxel in [0, 1]. An item's sum is divided by the number of its voxels
            with non-zero weight, so a patch of air, all of small weight, contributes little. An
            item without such voxels contributes zero. Items are independent of each other, so the
            value does not depend on how a batch is divided among processes.
    """
    return _weighted_mean((synthesized.float() - target.float()).abs(), mask)


def masked_l2(output: Tensor, target: Tensor, *, mask: Tensor) -> Tensor:
    """Mean over the batch of each item's weighted mean squared error; see `masked_l1`."""
    return _weighted_mean((output.float() - target.float()).square(), mask)


def label_cross_entropy(logits: Tensor, *, label: float) -> Tensor:
    """Mean binary cross-entropy of a discriminator's logits against one `label` for all."""
    exact = logits.float()
    return functional.binary_cross_entropy_with_logits(exact, torch.full_like(exact, label))


def _weighted_mean(error: Tensor, weight: Tensor) -> Tensor:
    summed = reduce(error * weight, "b 1 x y z -> b", "sum")
    counted = reduce((weight > 0).to(weight.dtype), "b 1 x y z -> b", "sum")
    return (summed / counted.clamp(min=1)).mean()
