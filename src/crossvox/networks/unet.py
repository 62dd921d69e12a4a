"""The residual U-Net that the paper uses as its generator (figure 2)."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from crossvox.networks.blocks import Norm, ResidualBlock, UpConv, UpSampling
from crossvox.networks.heads import VoxelHead

WIDEST_FACTOR = 16  # largest width / width of the first level


class ResidualUNet(nn.Module):
    """U-Net of residual blocks with concatenated skip connections and a final tanh.

    Every input size must be a multiple of `2 ** depth`.

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
        """Map (B, C, X, Y, Z) to (B, 1, X, Y, Z) in [-1, 1]."""
        skips = [self.stem(source)]
        for block in self.encoder:
            skips.append(block(self.pool(skips[-1])))
        features = skips.pop()
        for up, block in zip(self.up, self.decoder, strict=True):
            features = block(torch.cat((up(features), skips.pop()), dim=1))
        return torch.tanh(self.head(features))
