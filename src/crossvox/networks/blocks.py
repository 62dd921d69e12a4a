"""Convolutional building blocks of the networks."""

from typing import Literal, cast

from torch import Tensor, nn
from torch.nn import functional

from crossvox.networks.batch_norm import BatchNorm3d
from crossvox.networks.group_norm import GroupNorm

Norm = Literal["batch", "instance", "group"]
UpSampling = Literal["nearest", "trilinear"]

GROUPS = 8  # largest number of groups in group normalization


def norm_of(kind: Norm, channels: int) -> nn.Module:
    """Create the normalization layer `kind` for (B, `channels`, X, Y, Z)."""
    if kind == "batch":
        return BatchNorm3d(channels)
    return GroupNorm(channels if kind == "instance" else _groups_of(channels), channels)


def conv3x3x3(inputs: int, outputs: int, *, stride: int = 1, bias: bool = False) -> nn.Conv3d:
    """Create a 3x3x3 convolution that keeps sizes, or halves even sizes with a stride of 2."""
    return nn.Conv3d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)


class ConvUnit(nn.Sequential):
    """3x3x3 convolution, normalization and ReLU."""

    def __init__(self, inputs: int, outputs: int, *, norm: Norm, stride: int = 1) -> None:
        super().__init__(
            conv3x3x3(inputs, outputs, stride=stride),
            norm_of(norm, outputs),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """Two convolution units with a shortcut.

    The shortcut is a 1x1x1 projection if the widths differ.

    Source:
        He et al. 2016, doi 10.1109/CVPR.2016.90; in a 3D U-Net, Lee et al. 2017, arXiv 1706.00120
    """

    def __init__(self, inputs: int, outputs: int, *, norm: Norm) -> None:
        super().__init__()
        self.units = nn.Sequential(
            ConvUnit(inputs, outputs, norm=norm), ConvUnit(outputs, outputs, norm=norm)
        )
        self.shortcut = (
            nn.Identity() if inputs == outputs else nn.Conv3d(inputs, outputs, 1, bias=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, X, Y, Z) to (B, outputs, X, Y, Z)."""
        return cast("Tensor", self.units(features) + self.shortcut(features))


class UpConv(nn.Module):
    """Upsampling by 2 followed by a 3x3x3 convolution."""

    def __init__(self, inputs: int, outputs: int, *, up_sampling: UpSampling) -> None:
        super().__init__()
        self.conv = conv3x3x3(inputs, outputs)
        self.up_sampling = up_sampling

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, X, Y, Z) to (B, outputs, 2X, 2Y, 2Z)."""
        larger = functional.interpolate(features, scale_factor=2, mode=self.up_sampling)
        return cast("Tensor", self.conv(larger))


def _groups_of(channels: int) -> int:
    """Largest number of groups, up to 8, that divides `channels` evenly."""
    return next(groups for groups in range(GROUPS, 0, -1) if channels % groups == 0)
