"""Last layers, which compute in float32 even under autocast.

In bfloat16 a tanh is exactly 1 or -1 beyond 3.5, where its gradient is exactly 0: a network that
saturates there never recovers. In float32 it recovers from inputs of up to 8.
"""

from collections.abc import Callable

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional


class VoxelHead(nn.Conv3d):
    """A 1x1x1 convolution to one channel, four times as fast as torch's."""

    def __init__(self, inputs: int) -> None:
        super().__init__(inputs, 1, 1)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Map (B, C, X, Y, Z) to (B, 1, X, Y, Z)."""
        return in_float32(self._product, input)

    def _product(self, features: Tensor) -> Tensor:
        batch, _, x, y, z = features.shape
        voxels = rearrange(features, "b c x y z -> (b x y z) c")
        output = functional.linear(voxels, self.weight.flatten(start_dim=1), self.bias)
        return rearrange(output, "(b x y z) c -> b c x y z", b=batch, x=x, y=y, z=z)


class HeadConv2d(nn.Conv2d):
    """A 2D convolution in float32."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Map (B, inputs, X, Y) to (B, outputs, x, y)."""
        return in_float32(super().forward, input)


class HeadConv3d(nn.Conv3d):
    """A 3D convolution in float32."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Map (B, inputs, X, Y, Z) to (B, outputs, x, y, z)."""
        return in_float32(super().forward, input)


class HeadConvTranspose2d(nn.ConvTranspose2d):
    """A transposed 2D convolution in float32."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:  # noqa: A002 - torch's name
        """Map (B, inputs, X, Y) to (B, outputs, x, y)."""
        convolve = super().forward
        return in_float32(lambda features: convolve(features, output_size), input)


def in_float32(layers: Callable[[Tensor], Tensor], features: Tensor) -> Tensor:
    """Apply `layers` to `features`, in float32 even if autocast would choose less precision."""
    device = features.device.type
    if device == "meta" or not torch.is_autocast_enabled(device):
        return layers(features)
    with torch.autocast(device, enabled=False):
        return layers(features.float())
