"""The residual U-Net of the paper's generator (its figure 2)."""

from functools import partial
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from crossvox.networks.blocks import Norm, ResidualBlock, UpConv, UpSampling
from crossvox.networks.heads import VoxelHead
from crossvox.networks.slabs import Scaled, Slabbed, in_slabs

WIDEST_FACTOR = 16


class ResidualUNet(Slabbed):
    """Encoder and decoder of residual blocks, skips by concatenation, tanh at the end.

    Every size of the input must be a multiple of `2 ** depth`.

    Source:
        Ronneberger et al. 2015, arXiv 1505.04597; the paper's figure 2
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
        self.up = nn.ModuleList(
            UpConv(coarse, fine, up_sampling=up_sampling) for fine, coarse in reversed(pairs)
        )
        self.decoder = nn.ModuleList(
            ResidualBlock(2 * fine, fine, norm=norm) for fine, _ in reversed(pairs)
        )
        self.pool = nn.MaxPool3d(2)
        self.head = VoxelHead(width)

    def forward(self, source: Tensor) -> Tensor:
        """(B, 1, X, Y, Z) in [-1, 1] of (B, C, X, Y, Z)."""
        given = (Scaled(tensor=source, planes=1),)
        skips = [in_slabs(self.stem, given, planes=1, thickness=self.slab)]
        for block in self.encoder:
            fine = (Scaled(tensor=skips[-1], planes=2),)
            deeper = partial(self._down, block)
            skips.append(in_slabs(deeper, fine, planes=1, thickness=self.slab))
        features = skips.pop()
        for level in range(len(self.decoder)):
            both = (Scaled(tensor=features, planes=1), Scaled(tensor=skips.pop(), planes=2))
            del features
            features = in_slabs(partial(self._up, level), both, planes=2, thickness=self.slab)
        return features

    def _down(self, block: nn.Module, features: Tensor) -> Tensor:
        return cast("Tensor", block(self.pool(features)))

    def _up(self, level: int, features: Tensor, skip: Tensor) -> Tensor:
        block = self.decoder[level]
        if block.takes_parts:
            decoded = block(self.up[level](features), skip)
        else:
            decoded = block(torch.cat((self.up[level](features), skip), dim=1))
        if level < len(self.decoder) - 1:
            return cast("Tensor", decoded)
        return torch.tanh(self.head(decoded))
