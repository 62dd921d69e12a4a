"""bfloat16 inference with higher precision in the first and last layers."""

import copy
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossvox.acceleration.folding import HEAD, VoxelByVoxel

STEM = "stem"  # attribute that holds a network's first layers


class InBfloat16(nn.Module):
    """A network with bfloat16 weights and features and a float32 interface.

    The `stem` splits its float32 input into two bfloat16 parts, and the `head` stays in float32.
    Otherwise input and output would be rounded to 8 bits, each causing a third of the total error.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        stem, head = (copy.deepcopy(getattr(network, name, None)) for name in (STEM, HEAD))
        self.network = network.bfloat16()
        self.in_parts = isinstance(stem, nn.Module) and is_plain(_first_layer(stem))
        if isinstance(stem, nn.Module) and self.in_parts:
            setattr(self.network, STEM, Stem(stem))
        if isinstance(head, nn.Module):
            setattr(self.network, HEAD, _exact(head))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Run the network and return float32; integer inputs are passed on unchanged."""
        dtype = torch.float32 if self.in_parts else torch.bfloat16
        converted = (x.to(dtype) if x.is_floating_point() else x for x in inputs)
        output: Tensor = self.network(*converted)
        return output.float()


class Stem(nn.Module):
    """First layers in bfloat16 that accept float32; `layers` is changed in place."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList([layers])
        for parent in list(self.layers.modules()):
            for name, child in list(parent.named_children()):
                if is_plain(child):
                    setattr(parent, name, SplitConv3d(child))
        self.layers.bfloat16()

    def forward(self, features: Tensor) -> Tensor:
        """Run the layers and return bfloat16, even if they add float32 features to the result."""
        output: Tensor = self.layers[0](features)
        return output.bfloat16()


class SplitConv3d(nn.Module):
    """A bfloat16 convolution that accepts float32 at almost full precision.

    Each float32 value is split into a high and a low (residual) bfloat16 part. Three of the four
    products between the parts of features and weights are summed as additional input channels;
    the fourth, low times low, is below the rounding error of the sum. A channel of ones carries
    the low part of the bias. With few input channels the additional ones cost nothing. bfloat16
    features are convolved as usual.

    Source:
        Henry et al. 2019, arXiv 1904.06376
    """

    def __init__(self, layer: nn.Conv3d) -> None:
        super().__init__()
        high, low = _parts(layer.weight.detach())
        bias_low = torch.zeros_like(high[:, :1])
        if layer.bias is not None:
            x, y, z = (size // 2 for size in layer.kernel_size)
            bias_low[:, 0, x, y, z] = _parts(layer.bias.detach())[1]
        weight = torch.cat((high, high, low, bias_low), dim=1)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.plain = layer.bfloat16()

    def forward(self, features: Tensor) -> Tensor:
        """Convolve float32 or bfloat16 features to (B, outputs, X, Y, Z) bfloat16."""
        channels, weight = self.operands(features)
        layer = self.plain
        return functional.conv3d(channels, weight, layer.bias, layer.stride, layer.padding)

    def operands(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the input channels to convolve for `features`, and the matching weights."""
        if features.dtype == torch.bfloat16:
            return features, self.plain.weight
        high, low = _parts(features)
        channels = torch.cat((high, low, high, torch.ones_like(high[:, :1])), dim=1)
        return channels.contiguous(memory_format=torch.channels_last_3d), self.weight


class InFloat32(nn.Module):
    """Layers that compute in float32 whatever the type of their input."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, features: Tensor) -> Tensor:
        """Convert `features` to float32 and run the layers."""
        output: Tensor = self.layers(features.float())
        return output


def is_plain(layer: nn.Module) -> TypeGuard[nn.Conv3d]:
    """Whether `layer` is a 3D convolution without groups or dilation, padded only with zeros."""
    return (
        isinstance(layer, nn.Conv3d)
        and layer.groups == 1
        and set(layer.dilation) == {1}
        and layer.padding_mode == "zeros"
        and isinstance(layer.padding, tuple)
    )


def _first_layer(network: nn.Module) -> nn.Module:
    return next(layer for layer in network.modules() if not any(layer.children()))


def _parts(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Split float32 `numbers` into two bfloat16 parts whose sum is accurate to 16 bits."""
    high = numbers.bfloat16()
    return high, (numbers - high).bfloat16()


def _exact(head: nn.Module) -> nn.Module:
    return head if isinstance(head, VoxelByVoxel) else InFloat32(head)
