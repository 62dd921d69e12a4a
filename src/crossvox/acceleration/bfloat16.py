"""Networks in bfloat16 whose first and last layers keep more of float32."""

import copy
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossvox.acceleration.folding import HEAD, VoxelByVoxel

STEM = "stem"  # name that networks give their first layers


class InBfloat16(nn.Module):
    """A network whose weights and features are bfloat16, seen from outside as float32.

    Both ends keep more: the `stem` takes float32 in two parts, and the `head` stays in float32.
    Input and output would be rounded to 8 bits otherwise, each a third of the whole error.
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
        """The network's answer, float32; inputs of whole numbers stay what they are."""
        lower = torch.float32 if self.in_parts else torch.bfloat16
        given = (one.to(lower) if one.is_floating_point() else one for one in inputs)
        answer: Tensor = self.network(*given)
        return answer.float()


class Stem(nn.Module):
    """First layers in bfloat16 that take float32; the layers given are changed."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList([layers])
        for parent in list(self.layers.modules()):
            for name, child in list(parent.named_children()):
                if is_plain(child):
                    setattr(parent, name, InTwoParts(child))
        self.layers.bfloat16()

    def forward(self, features: Tensor) -> Tensor:
        """The layers' answer, bfloat16, also where float32 was added to it."""
        answer: Tensor = self.layers[0](features)
        return answer.bfloat16()


class InTwoParts(nn.Module):
    """A bfloat16 convolution that takes float32 for nearly what it is, and bfloat16 as it is.

    A float32 number is a bfloat16 and, in another, what that misses. Three products of the parts
    of features and weights are summed as further channels; the fourth, of both misses, is below
    what the sum is rounded to. A channel of ones carries what the bias misses. Few input channels
    leave room for them at no cost.

    Source:
        Henry et al. 2019, arXiv 1904.06376
    """

    def __init__(self, layer: nn.Conv3d) -> None:
        super().__init__()
        high, low = _parts(layer.weight.detach())
        missed = torch.zeros_like(high[:, :1])
        if layer.bias is not None:
            x, y, z = (size // 2 for size in layer.kernel_size)
            missed[:, 0, x, y, z] = _parts(layer.bias.detach())[1]
        self.weight = nn.Parameter(torch.cat((high, high, low, missed), dim=1), requires_grad=False)
        self.alone = layer.bfloat16()

    def forward(self, features: Tensor) -> Tensor:
        """(B, outputs, X, Y, Z) bfloat16."""
        given, weight = self.operands(features)
        layer = self.alone
        return functional.conv3d(given, weight, layer.bias, layer.stride, layer.padding)

    def operands(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """What is convolved for `features`, and the weights for that."""
        if features.dtype == torch.bfloat16:
            return features, self.alone.weight
        high, low = _parts(features)
        given = torch.cat((high, low, high, torch.ones_like(high[:, :1])), dim=1)
        return given.contiguous(memory_format=torch.channels_last_3d), self.weight


class InFloat32(nn.Module):
    """Layers that compute in float32 whatever they are given."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, features: Tensor) -> Tensor:
        """The layers' answer, float32."""
        answer: Tensor = self.layers(features.float())
        return answer


def is_plain(layer: nn.Module) -> TypeGuard[nn.Conv3d]:
    """Whether it is a 3D convolution of all channels at once, padded with zeros if at all."""
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
    """Two bfloat16 whose sum is float32 `numbers` to 16 bits."""
    high = numbers.bfloat16()
    return high, (numbers - high).bfloat16()


def _exact(head: nn.Module) -> nn.Module:
    return head if isinstance(head, VoxelByVoxel) else InFloat32(head)
