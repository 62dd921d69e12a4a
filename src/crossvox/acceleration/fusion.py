"""Convolutions that do at once what follows them, so that features are written only once.

On a CPU a fine level's features are larger than its caches: an activation or a sum by itself
reads and writes them all again, which took a third of a prediction's time.
"""

from itertools import pairwise
from typing import TypeGuard, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossvox.acceleration.bfloat16 import InTwoParts, is_plain
from crossvox.acceleration.compute import Compute
from crossvox.acceleration.slabs import InParts
from crossvox.contract import SynthesisMethod
from crossvox.networks.blocks import ResidualBlock

ACTIVATIONS = (nn.ReLU, nn.LeakyReLU)
OPERATIONS = ("_convolution_pointwise", "_convolution_pointwise_")  # without a promise of torch's
Layer = nn.Conv3d | InTwoParts
FEWEST = 4  # channels that come in parts: torch convolves a part of one wrongly in bfloat16
Operands = tuple[Tensor, Tensor, Tensor | None, list[int], list[int]]  # as conv3d takes them


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
    """Whether oneDNN convolves here in that precision, and torch has its fused convolutions."""
    if compute.device != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if not all(hasattr(torch.ops.mkldnn, name) for name in OPERATIONS):
        return False
    return not compute.bf16 or bool(torch.cpu.get_capabilities().get("avx512_bw"))


def fuse_activations(network: nn.Module) -> None:
    """Activations move into the convolution before them, past what normalization left behind."""
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

    @property
    def takes_parts(self) -> bool:
        """Whether features may come in two parts, which are never joined."""
        return is_plain(self.layer) and not self.slope and self.layer.in_channels >= FEWEST

    def forward(self, *features: Tensor) -> Tensor:
        """(B, outputs, X, Y, Z) of (B, inputs, X, Y, Z), in two parts where it takes them."""
        first, *second = _operands(self.layer, features)
        if not second:
            return conv_activation(*first, self.slope)
        summed = functional.conv3d(*first)
        conv_onto(summed, *second[0], relu=True)
        return summed


class SummedInPlace(InParts):
    """A residual block that adds its shortcut to the features of its units."""

    def __init__(self, block: ResidualBlock) -> None:
        super().__init__()
        layers = [layer for unit in block.units.children() for layer in unit.children()]
        self.first, *others = (one for one in layers if not isinstance(one, nn.Identity))
        self.others, self.shortcut = nn.Sequential(*others), block.shortcut
        knows_parts = isinstance(self.first, ConvActivation) and self.first.takes_parts
        self.takes_parts = knows_parts and is_plain(self.shortcut)

    def forward(self, *features: Tensor) -> Tensor:
        """(B, outputs, X, Y, Z) of (B, inputs, X, Y, Z), in parts where it takes them."""
        summed = cast("Tensor", self.others(self.first(*features)))
        if takes_more(self.shortcut):
            for operands in _operands(self.shortcut, features):
                conv_onto(summed, *operands)
        else:
            summed.add_(self.shortcut(*features))
        return summed


def takes_more(layer: nn.Module) -> TypeGuard[Layer]:
    """Whether oneDNN can do more with it; one channel is handled otherwise (convolution.py)."""
    if isinstance(layer, InTwoParts):
        return True
    return is_plain(layer) and layer.in_channels > 1


def conv_activation(
    features: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    slope: float,
) -> Tensor:
    """Leaky ReLU of a 3D convolution; a slope of 0 is ReLU."""
    if features.is_meta:  # sizes are asked for, and oneDNN takes contents alone
        return functional.conv3d(features, weight, bias, stride, padding)
    convolve = torch.ops.mkldnn._convolution_pointwise
    kind = "leaky_relu" if slope else "relu"
    numbers = [slope] if slope else []
    return cast(
        "Tensor",
        convolve(features, weight, bias, padding, stride, [1, 1, 1], 1, kind, numbers, ""),
    )


def conv_onto(
    onto: Tensor,
    features: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    *,
    relu: bool = False,
) -> None:
    """A 3D convolution is added to `onto`, then perhaps ReLU done; oneDNN has no other there.

    `onto` and `features` are channels last.
    """
    if features.is_meta:
        return
    convolve = torch.ops.mkldnn._convolution_pointwise_.binary
    ones, after = [1, 1, 1], "relu" if relu else None
    convolve(onto, features, weight, bias, padding, stride, ones, 1, "add", 1.0, after, [], None)


def _operands(layer: Layer, features: tuple[Tensor, ...]) -> list[Operands]:
    """What is convolved, for each part of the features with its share of the weights."""
    weight = layer.weight
    if isinstance(layer, InTwoParts):
        given, weight = layer.operands(features[0])
        features, layer = (given,), layer.alone
    stride, padding = list(layer.stride), [int(size) for size in layer.padding]
    weights = weight.split([one.shape[1] for one in features], dim=1)
    biases = (layer.bias, *(None for _ in features[1:]))
    return [
        (one, share.contiguous(memory_format=torch.channels_last_3d), bias, stride, padding)
        for one, share, bias in zip(features, weights, biases, strict=True)
    ]
