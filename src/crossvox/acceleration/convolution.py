"""Replacements for 3D convolutions that torch computes slowly or incorrectly."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

WRONG_SIZE = 2  # voxels along X; see CarefulConv3d
KERNEL_SIZE, UNIT_STRIDE = (3, 3, 3), (1, 1, 1)


class CarefulConv3d(nn.Conv3d):
    """A 3D convolution that keeps channels-last order and avoids a wrong gradient in bfloat16.

    A single channel has no memory order, so torch would leave channels-last order here and convert
    back later, which takes a tenth of a training step. A second channel of zeros prevents that.

    On CPUs with AVX-512 BF16, the weight gradient of a 3x3x3 convolution in torch 2.13 reads
    uninitialized memory if X is exactly 2, so float32 is used there (decision 0014).
    """

    def __init__(self, layer: nn.Conv3d) -> None:
        super().__init__(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,  # type: ignore[arg-type]  # three sizes, as torch keeps them
            stride=layer.stride,  # type: ignore[arg-type]  # three sizes
            padding=layer.padding,  # type: ignore[arg-type]  # three sizes
            bias=False,
            device="meta",
        )
        self.weight, self.bias = layer.weight, layer.bias
        self.train(layer.training)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Map (B, inputs, X, Y, Z) to (B, outputs, x, y, z)."""
        needs_gradient = torch.is_grad_enabled() and input.device.type == "cpu"
        if needs_gradient and input.shape[2] == WRONG_SIZE and _may_be_wrong(self):
            with torch.autocast("cpu", enabled=False):
                return super().forward(input.float())
        return super().forward(input)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # noqa: A002 - torch's name
        if self.in_channels == 1:
            input, weight = _with_zeros(input), _with_zeros(weight)  # noqa: A001 - torch's name
        return cast("Tensor", super()._conv_forward(input, weight, bias))


def keep_channels_last(network: nn.Module) -> None:
    """Replace single-channel 3D convolutions in place; parameters and their names are kept."""
    _replace(network, _loses_order)


def make_trainable(network: nn.Module) -> None:
    """Replace 3D convolutions that train slowly or incorrectly in place; parameters are kept."""
    _replace(network, lambda layer: _loses_order(layer) or _may_be_wrong(layer))


def _replace(network: nn.Module, needs_care: Callable[[nn.Conv3d], bool]) -> None:
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Conv3d and child.groups == 1 and needs_care(child):
                setattr(parent, name, CarefulConv3d(child))


def _loses_order(layer: nn.Conv3d) -> bool:
    return layer.in_channels == 1 < layer.out_channels


def _may_be_wrong(layer: nn.Conv3d) -> bool:
    return layer.kernel_size == KERNEL_SIZE and layer.stride == UNIT_STRIDE


def _with_zeros(channel: Tensor) -> Tensor:
    """Append a channel of zeros: (B, 1, X, Y, Z) to (B, 2, X, Y, Z), channels last."""
    channels = torch.cat((channel, torch.zeros_like(channel)), dim=1)
    return channels.contiguous(memory_format=torch.channels_last_3d)
