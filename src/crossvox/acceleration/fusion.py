"""Fusion of convolutions with the activation or sum after them, so features are written once.

The features of a fine level exceed a CPU's caches: a separate activation or sum reads and writes
all of them again, which took a third of the inference time.
"""

from itertools import pairwise
from typing import TypeGuard, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossvox.acceleration.bfloat16 import SplitConv3d, is_plain
from crossvox.acceleration.compute import Compute
from crossvox.acceleration.slabs import InParts
from crossvox.contract import SynthesisMethod
from crossvox.networks.blocks import ResidualBlock

ACTIVATIONS = (nn.ReLU, nn.LeakyReLU)
OPERATORS = ("_convolution_pointwise", "_convolution_pointwise_")  # private to torch
Layer = nn.Conv3d | SplitConv3d
FEWEST_CHANNELS = 4  # in two parts; torch convolves a part of one channel wrongly in bfloat16
Operands = tuple[Tensor, Tensor, Tensor | None, list[int], list[int]]  # arguments of conv3d
DILATION, GROUPS = [1, 1, 1], 1  # fixed for all fused convolutions; see `is_plain`


def fused(method: SynthesisMethod, compute: Compute) -> SynthesisMethod:
    """Fuse the convolutions of `method`, already rewritten for inference, in place.

    The function stays the same. Without oneDNN in torch nothing is changed.
    """
    if can_fuse(compute):
        for name in method.product:
            network = method.get_submodule(name)
            fuse_activations(network)
            fuse_sums(network)
    return method


def can_fuse(compute: Compute) -> bool:
    """Whether oneDNN supports this precision here and torch provides its fused convolutions."""
    if compute.device != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if not all(hasattr(torch.ops.mkldnn, name) for name in OPERATORS):
        return False
    return not compute.bf16 or bool(torch.cpu.get_capabilities().get("avx512_bw"))


def fuse_activations(network: nn.Module) -> None:
    """Fuse activations into the convolution before them, skipping folded normalization layers."""
    for layers in network.modules():
        if not isinstance(layers, nn.Sequential):
            continue
        kept = [pair for pair in layers.named_children() if not isinstance(pair[1], nn.Identity)]
        for (first_name, first), (second_name, second) in pairwise(kept):
            if isinstance(second, ACTIVATIONS) and can_be_fused(first):
                setattr(layers, first_name, ConvActivation(first, second))
                setattr(layers, second_name, nn.Identity())


def fuse_sums(network: nn.Module) -> None:
    """Add the shortcuts of residual blocks in place to the blocks' features."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, ResidualBlock):
                setattr(parent, name, SummedInPlace(child))


class ConvActivation(nn.Module):
    """A convolution fused with the activation directly after it."""

    def __init__(self, layer: Layer, activation: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.slope = float(getattr(activation, "negative_slope", 0.0))

    @property
    def takes_parts(self) -> bool:
        """Whether features may come as two tensors, which are never concatenated."""
        return is_plain(self.layer) and not self.slope and self.layer.in_channels >= FEWEST_CHANNELS

    def forward(self, *features: Tensor) -> Tensor:
        """Map (B, inputs, X, Y, Z), optionally as two tensors, to (B, outputs, X, Y, Z)."""
        first, *second = _operands(self.layer, features)
        if not second:
            return conv_activation(*first, self.slope)
        summed = functional.conv3d(*first)
        add_convolution(summed, *second[0], relu=True)
        return summed


class SummedInPlace(InParts):
    """A residual block that adds its shortcut to the features of its units."""

    def __init__(self, block: ResidualBlock) -> None:
        super().__init__()
        layers = [layer for unit in block.units.children() for layer in unit.children()]
        self.first, *others = (layer for layer in layers if not isinstance(layer, nn.Identity))
        self.others, self.shortcut = nn.Sequential(*others), block.shortcut
        first_takes_parts = isinstance(self.first, ConvActivation) and self.first.takes_parts
        self.takes_parts = first_takes_parts and is_plain(self.shortcut)

    def forward(self, *features: Tensor) -> Tensor:
        """Map (B, inputs, X, Y, Z), optionally as two tensors, to (B, outputs, X, Y, Z)."""
        summed = cast("Tensor", self.others(self.first(*features)))
        if can_be_fused(self.shortcut):
            for operands in _operands(self.shortcut, features):
                add_convolution(summed, *operands)
        else:
            summed.add_(self.shortcut(*features))
        return summed


def can_be_fused(layer: nn.Module) -> TypeGuard[Layer]:
    """Whether oneDNN can fuse `layer`; convolution.py handles convolutions of one channel."""
    if isinstance(layer, SplitConv3d):
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
    if features.is_meta:  # memory planning; oneDNN does not support meta tensors
        return functional.conv3d(features, weight, bias, stride, padding)
    return _convolve_then_activate(
        features=features,
        weight=weight,
        bias=bias,
        stride=stride,
        padding=padding,
        activation="leaky_relu" if slope else "relu",
        activation_arguments=[slope] if slope else [],
    )


def add_convolution(
    onto: Tensor,
    features: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    *,
    relu: bool = False,
) -> None:
    """Add a 3D convolution to `onto` in place, then optionally apply ReLU.

    oneDNN supports no other activation after a sum. `onto` and `features` are channels last.
    """
    if features.is_meta:
        return
    _convolve_and_add(
        onto=onto,
        features=features,
        weight=weight,
        bias=bias,
        stride=stride,
        padding=padding,
        activation="relu" if relu else None,
    )


def _convolve_then_activate(
    *,
    features: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    activation: str,
    activation_arguments: list[float],
) -> Tensor:
    """Compute activation(conv(features)) with oneDNN's fused convolution.

    The operator takes input, weight, bias, padding, stride, dilation, groups, the activation, its
    parameters and its algorithm (unused here), by position.
    """
    output = torch.ops.mkldnn._convolution_pointwise(
        features, weight, bias, padding, stride, DILATION, GROUPS,
        activation, activation_arguments, "",
    )  # fmt: skip
    return cast("Tensor", output)


def _convolve_and_add(
    *,
    onto: Tensor,
    features: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    activation: str | None,
) -> None:
    """Set `onto` to activation(onto + conv(features)) with oneDNN's fused convolution, in place.

    The operator takes the other summand, input, weight, bias, padding, stride, dilation, groups,
    the binary operation, its factor, the activation, its parameters and its algorithm (unused
    here), by position.
    """
    torch.ops.mkldnn._convolution_pointwise_.binary(
        onto, features, weight, bias, padding, stride, DILATION, GROUPS,
        "add", 1.0, activation, [], None,
    )  # fmt: skip


def _operands(layer: Layer, features: tuple[Tensor, ...]) -> list[Operands]:
    """Return the arguments of conv3d for each part of the features, with its share of weights."""
    weight = layer.weight
    if isinstance(layer, SplitConv3d):
        channels, weight = layer.operands(features[0])
        features, layer = (channels,), layer.plain
    stride, padding = list(layer.stride), [int(size) for size in layer.padding]
    weights = weight.split([part.shape[1] for part in features], dim=1)
    biases = (layer.bias, *(None for _ in features[1:]))
    return [
        (part, share.contiguous(memory_format=torch.channels_last_3d), bias, stride, padding)
        for part, share, bias in zip(features, weights, biases, strict=True)
    ]
