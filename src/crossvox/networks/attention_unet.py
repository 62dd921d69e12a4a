"""The residual U-Net with attention gates on its skips and self-attention at its bottom."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from crossvox.networks.attention import AttentionGate, SelfAttention
from crossvox.networks.blocks import Norm, ResidualBlock, UpConv, UpSampling
from crossvox.networks.unet import WIDEST_FACTOR


class AttentionUNet(nn.Module):
    """Encoder and decoder of residual blocks, gated skips, tanh at the end.

    Every size of the input must be a multiple of `2 ** depth`.

    Source:
        Oktay et al. 2018, arXiv 1804.03999, figure 1; self-attention as in Zhang et al. 2019,
        arXiv 1805.08318
    """

    def __init__(
        self, *, sources: int, width: int, depth: int, norm: Norm, up_sampling: UpSampling
    ) -> None:
        super().__init__()
        widths = [width * min(2**level, WIDEST_FACTOR) for level in range(depth + 1)]
        pairs = list(pairwise(widths))
        self.stem = ResidualBlock(sources, width, norm=norm)
        self.encoder = nn.ModuleList(
            ResidualBlock(fine, coarse, norm=norm) for fine, coarse in pairs
        )
        self.attention = SelfAttention(widths[-1])
        self.gates = nn.ModuleList(
            AttentionGate(skip=fine, gating=coarse) for fine, coarse in reversed(pairs)
        )
        self.up = nn.ModuleList(
            UpConv(coarse, fine, up_sampling=up_sampling) for fine, coarse in reversed(pairs)
        )
        self.decoder = nn.ModuleList(
            ResidualBlock(2 * fine, fine, norm=norm) for fine, _ in reversed(pairs)
        )
        self.pool = nn.MaxPool3d(2)
        self.head = nn.Conv3d(width, 1, 1)

    def forward(self, source: Tensor) -> Tensor:
        """(B, 1, X, Y, Z) in [-1, 1] of (B, C, X, Y, Z)."""
        features = self.stem(source)
        skips = []
        for block in self.encoder:
            skips.append(features)
            features = block(self.pool(features))
        features = self.attention(features)
        levels = zip(self.gates, self.up, self.decoder, reversed(skips), strict=True)
        for gate, up, block, skip in levels:
            features = block(torch.cat((up(features), gate(skip, features)), dim=1))
        return torch.tanh(self.head(features))
