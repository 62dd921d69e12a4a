"""Convolutional units that the networks are made of."""

from typing import Literal, cast

import torch
from einops import einsum
from torch import Tensor, nn
from torch.nn import functional

from crossvox.networks.batch_norm import BatchNorm3d
from crossvox.networks.group_norm import GroupNorm

Norm = Literal["batch", "instance", "group"]
UpSampling = Literal["nearest", "trilinear"]

GROUPS = 8
WRONG_SIZE = 2  # of X; see Conv3x3x3
WIDE = 256  # channels; see UpConv

# Nearest up-sampling by 2 then a 3-tap convolution (w0, w1, w2) is one transposed convolution of
# stride 2 with these 4 taps: even outputs see w0 and w1+w2, odd ones w0+w1 and w2.
NEAREST_TAPS = ((0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 0.0, 0.0))


def norm_of(kind: Norm, channels: int) -> nn.Module:
    """The normalisation layer `kind` over `channels` of (B, C, X, Y, Z)."""
    if kind == "batch":
        return BatchNorm3d(channels)
    return GroupNorm(channels if kind == "instance" else _groups_of(channels), channels)


class Conv3d(nn.Conv3d):
    """A 3D convolution that handles one channel as it does several.

    One channel has no memory order, so torch would leave channels-last order here and come back
    to it later, for a tenth of a training step. A second channel of zeros keeps it.
    """

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # noqa: A002 - torch's name
        if self.in_channels > 1:
            return cast("Tensor", super()._conv_forward(input, weight, bias))
        order = torch.channels_last_3d
        features = torch.cat((input, torch.zeros_like(input)), dim=1).contiguous(
            memory_format=order
        )
        second = torch.cat((weight, torch.zeros_like(weight)), dim=1).contiguous(
            memory_format=order
        )
        return cast("Tensor", super()._conv_forward(features, second, bias))


class Conv3x3x3(Conv3d):
    """A 3x3x3 convolution that keeps sizes, in float32 where bfloat16 is computed wrongly.

    On CPUs with AVX-512 BF16, torch 2.13's weight gradient of this convolution reads memory that
    nobody wrote where X is exactly 2 (decision 0014).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """(B, outputs, X, Y, Z) of (B, inputs, X, Y, Z)."""
        learning = torch.is_grad_enabled() and features.device.type == "cpu"
        if learning and features.shape[2] == WRONG_SIZE:
            with torch.autocast("cpu", enabled=False):
                return super().forward(features.float())
        return super().forward(features)


class ConvUnit(nn.Sequential):
    """3x3x3 convolution, normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, *, norm: Norm, stride: int = 1) -> None:
        super().__init__(
            Conv3x3x3(inputs, outputs)
            if stride == 1
            else nn.Conv3d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
            norm_of(norm, outputs),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """Two convolution units beside a shortcut.

    The shortcut is a 1x1x1 projection where widths differ.

    Attributes:
        takes_parts: Whether features may come as two tensors, which would be joined otherwise.

    Source:
        He et al. 2016, doi 10.1109/CVPR.2016.90; in a 3D U-Net, Lee et al. 2017, arXiv 1706.00120
    """

    takes_parts = False

    def __init__(self, inputs: int, outputs: int, *, norm: Norm) -> None:
        super().__init__()
        self.units = nn.Sequential(
            ConvUnit(inputs, outputs, norm=norm), ConvUnit(outputs, outputs, norm=norm)
        )
        self.shortcut = (
            nn.Identity() if inputs == outputs else Conv3d(inputs, outputs, 1, bias=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(B, outputs, X, Y, Z) of (B, inputs, X, Y, Z)."""
        return cast("Tensor", self.units(features) + self.shortcut(features))


class UpConv(nn.Module):
    """Up-sampling by 2, then a 3x3x3 convolution.

    With nearest up-sampling both are computed as one 4x4x4 transposed convolution of stride 2,
    whose kernel follows from the 3x3x3 weights: the same function and gradients, with 2.4 times
    fewer operations. Wide layers see few voxels, and on a CPU the larger kernel costs more there
    than it saves, in bfloat16 and in training: from 256 channels to 128 two to three times the
    time of both apart (Xeon with AMX, 15 x 18 x 3 voxels; from some 16^3 voxels on it is equal).
    """

    taps: Tensor

    def __init__(self, inputs: int, outputs: int, *, up_sampling: UpSampling) -> None:
        super().__init__()
        self.conv = Conv3x3x3(inputs, outputs)
        self.up_sampling = up_sampling
        self.wide = inputs >= WIDE
        self.register_buffer("taps", torch.tensor(NEAREST_TAPS), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(B, outputs, 2X, 2Y, 2Z) of (B, inputs, X, Y, Z)."""
        apart = self.wide and features.device.type == "cpu"
        if self.up_sampling == "nearest" and not apart:
            return functional.conv_transpose3d(features, self.kernel(), stride=2, padding=1)
        larger = functional.interpolate(features, scale_factor=2, mode=self.up_sampling)
        return cast("Tensor", self.conv(larger))

    def kernel(self) -> Tensor:
        """Of the one transposed convolution, (inputs, outputs, 4, 4, 4)."""
        return einsum(
            self.conv.weight, self.taps, self.taps, self.taps,
            "o i x y z, a x, b y, c z -> i o a b c",
        )  # fmt: skip


def _groups_of(channels: int) -> int:
    """The most groups of equally many channels, up to 8."""
    return next(groups for groups in range(GROUPS, 0, -1) if channels % groups == 0)
