"""The conditional 3D patch discriminator (the paper's figure 3)."""

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from crossvox.networks.blocks import ConvUnit, Norm, norm_of
from crossvox.networks.heads import VoxelHead


class PatchDiscriminator(nn.Module):
    """Discriminator with one real-or-synthesized logit per patch of a (source, target) pair.

    Each level has two 3x3x3 units, the first with stride 2; the "dense layer" of each patch is a
    1x1x1 convolution with normalization, followed by the logit.

    Source:
        Isola et al. 2017, doi 10.1109/CVPR.2017.632, section 3.2.2; the paper's figure 3
    """

    def __init__(self, *, sources: int, width: int, levels: int, norm: Norm) -> None:
        super().__init__()
        channels = [sources + 1, *(width * 2**level for level in range(levels))]
        units = [
            unit
            for inputs, outputs in pairwise(channels)
            for unit in (
                ConvUnit(inputs, outputs, norm=norm, stride=2),
                ConvUnit(outputs, outputs, norm=norm),
            )
        ]
        self.units = nn.Sequential(*units)
        self.dense = nn.Sequential(
            nn.Conv3d(channels[-1], channels[-1], 1, bias=False),
            norm_of(norm, channels[-1]),
            nn.ReLU(inplace=True),
            VoxelHead(channels[-1]),
        )

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Map a pair (B, C, X, Y, Z), (B, 1, X, Y, Z) to logits (B, 1, x, y, z).

        Each level halves the sizes.
        """
        return cast("Tensor", self.dense(self.units(torch.cat((source, target), dim=1))))
