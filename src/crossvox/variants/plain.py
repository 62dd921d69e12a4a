"""Conversion of networks from crossvox's accurate or fast CPU layers to torch's own layers."""

from collections.abc import Callable
from typing import TypeVar

from torch import nn

from crossvox.acceleration.folding import VoxelByVoxel
from crossvox.networks.batch_norm import BatchNorm3d
from crossvox.networks.heads import VoxelHead

Network = TypeVar("Network", bound=nn.Module)


def textbook(network: Network) -> Network:
    """Replace batch normalization and the last layer with torch's own, in place.

    Function and weights stay the same.
    """
    _replace(network, _torch_norm)
    return with_plain_head(network)


def with_plain_head(network: Network) -> Network:
    """Replace the last layer with a convolution, in place.

    Function and weights stay the same.
    """
    return _replace(network, _plain_head)


def _replace(network: Network, replacement: Callable[[nn.Module], nn.Module]) -> Network:
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            setattr(parent, name, replacement(child))
    return network


def _torch_norm(layer: nn.Module) -> nn.Module:
    if not isinstance(layer, BatchNorm3d):
        return layer
    norm = nn.BatchNorm3d(layer.num_features, eps=layer.eps, momentum=layer.momentum)
    norm.load_state_dict(layer.state_dict())
    return norm.train(layer.training)


def _plain_head(layer: nn.Module) -> nn.Module:
    if isinstance(layer, VoxelByVoxel):
        head = nn.Conv3d(len(layer.weight), 1, 1)
        head.weight = nn.Parameter(layer.weight.reshape(1, -1, 1, 1, 1), requires_grad=False)
        head.bias = layer.bias
        return head
    if isinstance(layer, VoxelHead):
        head = nn.Conv3d(layer.in_channels, 1, 1)
        head.weight, head.bias = layer.weight, layer.bias
        return head
    return layer
