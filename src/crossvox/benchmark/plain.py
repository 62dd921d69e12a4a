"""Networks as anybody would write them from the paper, without what the house does for speed."""

from collections.abc import Callable
from typing import TypeVar

from torch import nn

from crossvox.networks.batch_norm import BatchNorm3d
from crossvox.networks.blocks import Conv3d, UpConv
from crossvox.networks.heads import VoxelHead
from crossvox.synthesis.optimise import VoxelByVoxel

Network = TypeVar("Network", bound=nn.Module)


def textbook(network: Network) -> Network:
    """`network` with upsampling and its convolution apart, and all layers as torch has them.

    The same function with the same weights; changed in place.
    """
    _replace(network, _apart)
    _replace(network, _torch_norm)
    return plain_convolutions(network)


def plain_convolutions(network: Network) -> Network:
    """`network` without zeros for a second channel, and with a convolution for its last layer.

    The same function with the same weights; changed in place.
    """
    return _replace(network, _plain)


def _replace(network: Network, other: Callable[[nn.Module], nn.Module]) -> Network:
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            setattr(parent, name, other(child))
    return network


def _apart(layer: nn.Module) -> nn.Module:
    if not isinstance(layer, UpConv):
        return layer
    return nn.Sequential(nn.Upsample(scale_factor=2, mode=layer.up_sampling), layer.conv)


def _torch_norm(layer: nn.Module) -> nn.Module:
    if not isinstance(layer, BatchNorm3d):
        return layer
    norm = nn.BatchNorm3d(layer.num_features, eps=layer.eps, momentum=layer.momentum)
    norm.load_state_dict(layer.state_dict())
    return norm.train(layer.training)


def _plain(layer: nn.Module) -> nn.Module:
    if isinstance(layer, VoxelByVoxel):
        head = nn.Conv3d(len(layer.weight), 1, 1)
        head.weight = nn.Parameter(layer.weight.reshape(1, -1, 1, 1, 1), requires_grad=False)
        head.bias = layer.bias
        return head
    if not isinstance(layer, Conv3d | VoxelHead):
        return layer
    kernel, stride, padding = layer.kernel_size, layer.stride, layer.padding
    plain = nn.Conv3d(
        layer.in_channels,
        layer.out_channels,
        kernel,  # type: ignore[arg-type]  # three sizes
        stride=stride,  # type: ignore[arg-type]  # three sizes
        padding=padding,  # type: ignore[arg-type]  # three sizes
        bias=layer.bias is not None,
    )
    plain.weight, plain.bias = layer.weight, layer.bias
    return plain
