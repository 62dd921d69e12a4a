"""The 2D networks of pix2pix: a U-Net with a one-pixel bottleneck and a patch discriminator.

Source:
    Isola et al. 2017, doi 10.1109/CVPR.2017.632, appendix (section 6.1)
"""

from itertools import pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossvox.networks.batch_norm import BatchNorm2d
from crossvox.networks.heads import HeadConv2d, HeadConvTranspose2d

Norm2d = Literal["batch", "instance"]

WIDEST_FACTOR = 8  # largest width / width of the first level
SLOPE = 0.2  # negative slope of leaky ReLU
DROPOUT = 0.5  # probability
DROPPED_LEVELS = 3  # innermost decoder levels, which have dropout
INITIAL_STD = 0.02  # standard deviation of initial weights


class NoiseDropout(nn.Module):
    """Dropout of half of the features, in training and at inference.

    It is the only noise of pix2pix. At inference the dropped features follow from a fixed seed and
    are the same for every image, so equal slices give equal results.
    """

    seed = 0

    def forward(self, features: Tensor) -> Tensor:
        """Drop features of (B, C, X, Y)."""
        if self.training:
            return functional.dropout(features, DROPOUT)
        generator = torch.Generator().manual_seed(self.seed)
        kept = torch.rand(features.shape[1:], generator=generator) >= DROPOUT
        return features * (kept.to(features.device, features.dtype) / (1 - DROPOUT))


class Pix2PixUNet(nn.Module):
    """U-Net of strided convolutions (C64-C128-C256-C512-…) with skip connections and a tanh.

    Every input size must be a multiple of `2 ** depth`. The innermost level has no normalization,
    which would remove all information at a size of 1.
    """

    def __init__(
        self, *, sources: int, width: int, depth: int, norm: Norm2d, dropout: bool
    ) -> None:
        super().__init__()
        widths = [width * min(2**level, WIDEST_FACTOR) for level in range(depth)]
        self.down = nn.ModuleList([nn.Conv2d(sources, width, 4, stride=2, padding=1)])
        for level, (fine, coarse) in enumerate(pairwise(widths), start=1):
            innermost = level == depth - 1
            conv = nn.Conv2d(fine, coarse, 4, stride=2, padding=1, bias=innermost)
            norms = [] if innermost else [_norm_of(norm, coarse)]
            self.down.append(nn.Sequential(nn.LeakyReLU(SLOPE), conv, *norms))
        self.up = nn.ModuleList()
        for level, (fine, coarse) in enumerate(reversed(list(pairwise(widths)))):
            inputs = coarse if level == 0 else 2 * coarse
            transposed = nn.ConvTranspose2d(inputs, fine, 4, stride=2, padding=1, bias=False)
            noise = [NoiseDropout()] if dropout and level < DROPPED_LEVELS else []
            self.up.append(nn.Sequential(nn.ReLU(), transposed, _norm_of(norm, fine), *noise))
        inputs = width if depth == 1 else 2 * width
        self.head = nn.Sequential(
            nn.ReLU(), HeadConvTranspose2d(inputs, 1, 4, stride=2, padding=1), nn.Tanh()
        )
        self.apply(_as_published)

    def forward(self, source: Tensor) -> Tensor:
        """Map (B, C, X, Y) to (B, 1, X, Y) in [-1, 1]."""
        features, skips = source, []
        for down in self.down:
            features = down(features)
            skips.append(features)
        for up, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            features = torch.cat((up(features), skip), dim=1)
        return cast("Tensor", self.head(features))


class PatchDiscriminator2d(nn.Module):
    """Discriminator with a logit per patch of a pair of slices; 3 levels see 70x70 pixels."""

    def __init__(self, *, sources: int, width: int, levels: int, norm: Norm2d) -> None:
        super().__init__()
        widths = [width * min(2**level, WIDEST_FACTOR) for level in range(levels + 1)]
        layers: list[nn.Module] = [
            nn.Conv2d(sources + 1, width, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
        ]
        for level, (fine, coarse) in enumerate(pairwise(widths), start=1):
            stride = 1 if level == levels else 2
            layers += [
                nn.Conv2d(fine, coarse, 4, stride=stride, padding=1, bias=False),
                _norm_of(norm, coarse),
                nn.LeakyReLU(SLOPE),
            ]
        self.layers = nn.Sequential(*layers, HeadConv2d(widths[-1], 1, 4, padding=1))
        self.apply(_as_published)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Map a pair (B, C, X, Y), (B, 1, X, Y) to logits (B, 1, x, y)."""
        return cast("Tensor", self.layers(torch.cat((source, target), dim=1)))


def _norm_of(kind: Norm2d, channels: int) -> nn.Module:
    if kind == "batch":
        return BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=True)


def _as_published(layer: nn.Module) -> None:
    """Initialize weights from N(0, 0.02), those of normalization around 1, and biases with 0."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, INITIAL_STD)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm2d | nn.InstanceNorm2d):
        nn.init.normal_(layer.weight, 1.0, INITIAL_STD)
