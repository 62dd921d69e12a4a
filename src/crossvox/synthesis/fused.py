"""Convolutions that do at once what follows them, so that features are written only once.

On a CPU a fine level's features are larger than its caches: an activation or a sum by itself
reads and writes them all again, which took a third of a prediction's time.
"""

from itertools import pairwise
from typing import TypeGuard, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossvox.contract import SynthesisMethod
from crossvox.networks.blocks import ResidualBlock
from crossvox.synthesis.compute import Compute
from crossvox.synthesis.optimise import InTwoParts, is_plain

ACTIVATIONS = (nn.ReLU, nn.LeakyReLU)
Layer = nn.Conv3d | InTwoParts


def fused(method: SynthesisMethod, compute: Compute) -> SynthesisMethod:
    """`method`, already rewritten for synthesizing, with its convolutions fused; changed in place.

    The same function; where torch has no oneDNN, nothing is changed.
    """
    if can_fuse(compute):
        for name in method.product:
            network = method.get_submodule(name)
            fuse_activations(network)
            fuse_sums(network)
    return method


def can_fuse(compute: Compute) -> bool:
    """Whether oneDNN convolves here in that precision."""
    if compute.device != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    return not compute.bf16 or bool(torch.cpu.get_capabilities().get("avx512_bw"))


def fuse_activations(network: nn.Module) -> None:
    """Activations move into the convolution before them, past what normalisation left behind."""
    for layers in network.modules():
        if not isinstance(layers, nn.Sequential):
            continue
        kept = [pair for pair in layers.named_children() if not isinstance(pair[1], nn.Identity)]
        for (place, first), (following, second) in pairwise(kept):
            if isinstance(second, ACTIVATIONS) and takes_more(first):
                setattr(layers, place, ConvActivation(first, second))
                setattr(layers, following, nn.Identity())


def fuse_sums(network: nn.Module) -> None:
    """Shortcuts of residual blocks are added where the block's features already lie."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, ResidualBlock):
                setattr(parent, name, SummedInPlace(child))


class ConvActivation(nn.Module):
    """A convolution and the activation right after it."""

    def __init__(self, layer: Layer, activation: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.slope = float(getattr(activation, "negative_slope", 0.0))

    def forward(self, features: Tensor) -> Tensor:
        """(B, outputs, X, Y, Z)."""
        return cast("Tensor", conv_activation(*_operands(self.layer, features), self.slope))


class SummedInPlace(nn.Module):
    """A residual block that adds its shortcut to the features of its units."""

    def __init__(self, block: ResidualBlock) -> None:
        super().__init__()
        self.units, self.shortcut = block.units, block.shortcut

    def forward(self, features: Tensor) -> Tensor:
        """(B, outputs, X, Y, Z) of (B, inputs, X, Y, Z)."""
        summed = cast("Tensor", self.units(features))
        if takes_more(self.shortcut):
            conv_onto(summed, *_operands(self.shortcut, features))
        else:
            summed.add_(self.shortcut(features))
        return summed


def takes_more(layer: nn.Module) -> TypeGuard[Layer]:
    """Whether oneDNN can do more with it; one channel is handled otherwise (networks/blocks.py)."""
    if isinstance(layer, InTwoParts):
        return True
    return is_plain(layer) and layer.in_channels > 1


def _operands(
    layer: Layer, features: Tensor
) -> tuple[Tensor, Tensor, Tensor | None, list[int], list[int]]:
    weight = layer.weight
    if isinstance(layer, InTwoParts):
        features, weight = layer.operands(features)
        layer = layer.alone
    return features, weight, layer.bias, list(layer.stride), [int(size) for size in layer.padding]


@torch.library.custom_op("crossvox::conv_activation", mutates_args=())
def conv_activation(
    features: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    slope: float,
) -> Tensor:
    """Leaky ReLU of a 3D convolution; a slope of 0 is ReLU."""
    convolve = torch.ops.mkldnn._convolution_pointwise
    kind = "leaky_relu" if slope else "relu"
    numbers = [slope] if slope else []
    return cast(
        "Tensor",
        convolve(features, weight, bias, padding, stride, [1, 1, 1], 1, kind, numbers, ""),
    )


@conv_activation.register_fake
def _(features: Tensor, weight: Tensor, bias: Tensor | None, *how: list[int]) -> Tensor:
    stride, padding, _ = how
    return functional.conv3d(features, weight, bias, stride, padding)


@torch.library.custom_op("crossvox::conv_onto", mutates_args=("onto",))
def conv_onto(
    onto: Tensor,
    features: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
) -> None:
    """A 3D convolution is added to `onto`."""
    convolve = torch.ops.mkldnn._convolution_pointwise_.binary
    ones = [1, 1, 1]
    convolve(onto, features, weight, bias, padding, stride, ones, 1, "add", 1.0, None, [], None)


@conv_onto.register_fake
def _(*_: object) -> None:
    """Nothing new is made."""
