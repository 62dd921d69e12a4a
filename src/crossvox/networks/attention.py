"""Attention over voxels: which of a skip's features pass, and what far places tell each other."""

from typing import cast

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

HEAD_WIDTH = 32


class AttentionGate(nn.Module):
    """A skip's features, each voxel weighted by how much the coarser features ask for it.

    The weights are found on the coarse grid and up-sampled, as published.

    Source:
        Oktay et al. 2018, arXiv 1804.03999, equations 1 and 2
    """

    def __init__(self, *, skip: int, gating: int) -> None:
        super().__init__()
        between = max(1, skip // 2)
        self.of_skip = nn.Conv3d(skip, between, 2, stride=2, bias=False)
        self.of_gating = nn.Conv3d(gating, between, 1)
        self.weigh = nn.Conv3d(between, 1, 1)

    def forward(self, skip: Tensor, gating: Tensor) -> Tensor:
        """(B, skip, 2X, 2Y, 2Z) of (B, skip, 2X, 2Y, 2Z) and (B, gating, X, Y, Z)."""
        asked = functional.relu(self.of_skip(skip) + self.of_gating(gating), inplace=True)
        weights = torch.sigmoid(self.weigh(asked))
        return skip * functional.interpolate(weights, scale_factor=2, mode="trilinear")


class SelfAttention(nn.Module):
    """Every voxel's features plus what those of all other voxels tell it.

    It begins as the identity: the weight of what is told starts at 0. Queries are as wide as
    values, in heads whose products are scaled.

    Source:
        Zhang et al. 2019, arXiv 1805.08318, section 3; heads and scale: Vaswani et al. 2017,
        arXiv 1706.03762, equation 1
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = max(1, channels // HEAD_WIDTH)
        self.project = nn.Conv3d(channels, 3 * channels, 1, bias=False)
        self.merge = nn.Conv3d(channels, channels, 1)
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, X, Y, Z) of the same."""
        x, y, z = features.shape[2:]
        query, key, value = rearrange(
            self.project(features),
            "b (three heads c) x y z -> three b heads (x y z) c",
            three=3,
            heads=self.heads,
        )
        told = functional.scaled_dot_product_attention(query, key, value)
        told = rearrange(told, "b heads (x y z) c -> b (heads c) x y z", x=x, y=y, z=z)
        return cast("Tensor", features + self.weight * self.merge(told))
