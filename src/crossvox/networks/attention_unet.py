"""The residual U-Net with attention gates on its skips and self-attention at its bottom."""

from functools import partial
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from crossvox.networks.attention import AttentionGate, SelfAttention
from crossvox.networks.blocks import Norm, ResidualBlock, UpConv, UpSampling
from crossvox.networks.slabs import Scaled, Slabbed, in_slabs, is_local
from crossvox.networks.unet import WIDEST_FACTOR


class AttentionUNet(Slabbed):
    """Encoder and decoder of residual blocks, gated skips, tanh at the end.

    The finest skip passes without a gate, as published. Every size of the input must be a
    multiple of `2 ** depth`.

    Source:
        Oktay et al. 2018, arXiv 1804.03999, section 2 and figure 1; self-attention as in Zhang
        et al. 2019, arXiv 1805.08318
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
            AttentionGate(skip=fine, gating=coarse) for fine, coarse in reversed(pairs[1:])
        )
        self.up = nn.ModuleList(
            UpConv(coarse, fine, up_sampling=up_sampling) for fine, coarse in reversed(pairs)
        )
        self.decoder = nn.ModuleList(
            ResidualBlock(2 * fine, fine, norm=norm) for fine, _ in reversed(pairs)
        )
        self.pool = nn.MaxPool3d(2)
        self.head = nn.Conv3d(width, 1, 1)

    @property
    def takes_slabs(self) -> bool:
        """Whether slabs give what the whole gives; self-attention at the bottom sees all of it."""
        levels = (self.stem, self.encoder, self.gates, self.up, self.decoder, self.head)
        return is_local(layer for level in levels for layer in level.modules())

    def forward(self, source: Tensor) -> Tensor:
        """(B, 1, X, Y, Z) in [-1, 1] of (B, C, X, Y, Z)."""
        given = (Scaled(tensor=source, planes=1),)
        skips = [in_slabs(self.stem, given, planes=1, thickness=self.slab)]
        for block in self.encoder:
            fine = (Scaled(tensor=skips[-1], planes=2),)
            deeper = partial(self._down, block)
            skips.append(in_slabs(deeper, fine, planes=1, thickness=self.slab))
        features = self.attention(skips.pop())
        for level in range(len(self.decoder)):
            both = (Scaled(tensor=features, planes=1), Scaled(tensor=skips.pop(), planes=2))
            del features
            features = in_slabs(partial(self._up, level), both, planes=2, thickness=self.slab)
        return cast("Tensor", features)

    def _down(self, block: nn.Module, features: Tensor) -> Tensor:
        return cast("Tensor", block(self.pool(features)))

    def _up(self, level: int, features: Tensor, skip: Tensor) -> Tensor:
        gated = self.gates[level](skip, features) if level < len(self.gates) else skip
        decoded = self.decoder[level](torch.cat((self.up[level](features), gated), dim=1))
        if level < len(self.decoder) - 1:
            return cast("Tensor", decoded)
        return torch.tanh(self.head(decoded))
