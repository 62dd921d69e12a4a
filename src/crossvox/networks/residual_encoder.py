"""The residual-encoder U-Net, as used by winners of segmentation and synthesis challenges."""

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossvox.networks.blocks import Norm, conv3x3x3, norm_of
from crossvox.networks.heads import VoxelHead

WIDEST = 320  # largest number of channels of a level
SLOPE = 0.01  # negative slope of leaky ReLU


class MeanOfEight(nn.Module):
    """Downsampling by 2: the mean over 2x2x2 voxels.

    Linear interpolation to half the size equals that mean and, unlike average pooling, is fast on
    CPUs and supports bfloat16 there.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, X, Y, Z) with even sizes to (B, C, X / 2, Y / 2, Z / 2)."""
        return functional.interpolate(features, scale_factor=0.5, mode="trilinear")


class EncoderBlock(nn.Module):
    """Two 3x3x3 convolutions with a shortcut; the first may halve the sizes.

    The shortcut takes the mean over 2x2x2 voxels if the sizes are halved, and a 1x1x1 projection if
    the widths differ.

    Source:
        He et al. 2016, doi 10.1109/CVPR.2016.90; the shortcut: He et al. 2019, arXiv 1812.01187,
        section 4 (ResNet-D)
    """

    def __init__(self, inputs: int, outputs: int, *, norm: Norm, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            conv3x3x3(inputs, outputs, stride=stride),
            norm_of(norm, outputs),
            nn.LeakyReLU(SLOPE, inplace=True),
            conv3x3x3(outputs, outputs),
            norm_of(norm, outputs),
        )
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut.append(MeanOfEight())
        if inputs != outputs:
            self.shortcut.append(nn.Conv3d(inputs, outputs, 1, bias=False))
            self.shortcut.append(norm_of(norm, outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, X, Y, Z) to (B, outputs, X / stride, …)."""
        summed = self.residual(features) + self.shortcut(features)
        return functional.leaky_relu(summed, SLOPE, inplace=True)


class Decoder(nn.Module):
    """Upsampling by 2, concatenation with the skip connection and one convolution.

    Channels are reduced before the trilinear upsampling: a 1x1x1 convolution and a linear
    interpolation commute, and the coarse grid has an eighth of the voxels.
    """

    def __init__(self, coarse: int, fine: int, *, norm: Norm) -> None:
        super().__init__()
        self.reduce = nn.Conv3d(coarse, fine, 1)
        self.unit = nn.Sequential(
            conv3x3x3(2 * fine, fine), norm_of(norm, fine), nn.LeakyReLU(SLOPE, inplace=True)
        )

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Map (B, coarse, X, Y, Z) and a skip (B, fine, 2X, 2Y, 2Z) to (B, fine, 2X, 2Y, 2Z)."""
        larger = functional.interpolate(self.reduce(features), scale_factor=2, mode="trilinear")
        return cast("Tensor", self.unit(torch.cat((larger, skip), dim=1)))


class ResidualEncoderUNet(nn.Module):
    """U-Net with a deep residual encoder, a light decoder and a linear head.

    Every input size must be a multiple of `2 ** (len(blocks) - 1)`.

    Args:
        sources: Number of input channels.
        width: Channels of the first level; they double at each level, up to 320.
        blocks: Number of residual blocks at each level.
        norm: Kind of normalization.

    Source:
        Isensee et al. 2024, arXiv 2404.09556 (residual-encoder nnU-Net)
    """

    def __init__(self, *, sources: int, width: int, blocks: tuple[int, ...], norm: Norm) -> None:
        super().__init__()
        widths = [min(width * 2**level, WIDEST) for level in range(len(blocks))]
        self.stem = nn.Sequential(
            conv3x3x3(sources, width), norm_of(norm, width), nn.LeakyReLU(SLOPE, inplace=True)
        )
        inputs = [width, *widths[:-1]]
        self.encoder = nn.ModuleList(
            nn.Sequential(
                EncoderBlock(inputs_of_level, outputs, norm=norm, stride=2 if level else 1),
                *(EncoderBlock(outputs, outputs, norm=norm, stride=1) for _ in range(count - 1)),
            )
            for level, (inputs_of_level, outputs, count) in enumerate(
                zip(inputs, widths, blocks, strict=True)
            )
        )
        self.decoder = nn.ModuleList(
            Decoder(coarse, fine, norm=norm) for fine, coarse in reversed(list(pairwise(widths)))
        )
        self.head = VoxelHead(width)

    def forward(self, source: Tensor) -> Tensor:
        """Map (B, C, X, Y, Z) to (B, 1, X, Y, Z), unbounded."""
        features, skips = self.stem(source), []
        for level in self.encoder:
            features = level(features)
            skips.append(features)
        for decoder, skip in zip(self.decoder, reversed(skips[:-1]), strict=True):
            features = decoder(features, skip)
        return cast("Tensor", self.head(features))
