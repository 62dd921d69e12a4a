"""Folding of a trained network into fewer layers, equivalent to 1e-6 in float32."""

from itertools import pairwise

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

from crossvox.acceleration.up_sampling import TransposedUpConv, transpose_up_sampling

CONVOLUTIONS = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)
TRANSPOSED = (nn.ConvTranspose2d, nn.ConvTranspose3d)
VOXELS_AT_ONCE = 2**15  # converted to float32 together
HEAD = "head"  # attribute that holds a network's last layers


def fold_normalization(network: nn.Module) -> None:
    """Fold each batch normalization into the convolution directly before it, in place."""
    for layers in network.modules():
        if not isinstance(layers, nn.Sequential):
            continue
        for (first_name, first), (second_name, second) in pairwise(list(layers.named_children())):
            if isinstance(first, CONVOLUTIONS) and isinstance(second, _BatchNorm):
                transposed = isinstance(first, TRANSPOSED)
                setattr(layers, first_name, fuse_conv_bn_eval(first, second, transpose=transposed))
                setattr(layers, second_name, nn.Identity())


def fix_up_sampling(network: nn.Module, *, keep_wide: bool) -> None:
    """Replace nearest upsampling and its convolution with a fixed transposed convolution.

    Args:
        network: Changed in place.
        keep_wide: Whether to keep wide layers, which is faster in bfloat16 on a CPU.
    """
    transpose_up_sampling(network, keep_wide=keep_wide)
    for parent in network.modules():
        for name, child in list(parent.named_children()):
            if isinstance(child, TransposedUpConv):
                setattr(parent, name, child.fixed())


def simplify_head(network: nn.Module) -> None:
    """Replace a 1x1x1 convolution to one channel in the head with a matrix-vector product."""
    head = getattr(network, HEAD, None)
    if isinstance(head, nn.Conv3d) and head.kernel_size == (1, 1, 1) and head.out_channels == 1:
        setattr(network, HEAD, VoxelByVoxel(head))


class VoxelByVoxel(nn.Module):
    """A 1x1x1 convolution to one channel, in float32 whatever the type of its input.

    torch's convolution is twelve times slower in float32. Other types are converted in blocks that
    stay in the processor's cache.
    """

    def __init__(self, layer: nn.Conv3d) -> None:
        super().__init__()
        self.weight = nn.Parameter(layer.weight.detach().reshape(-1), requires_grad=False)
        bias = torch.zeros(1) if layer.bias is None else layer.bias.detach()
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, X, Y, Z) to (B, 1, X, Y, Z)."""
        batch, _, x, y, z = features.shape
        voxels = rearrange(features, "b c x y z -> (b x y z) c")
        output = self._product(voxels) + self.bias
        return rearrange(output, "(b x y z) -> b 1 x y z", b=batch, x=x, y=y, z=z)

    def _product(self, voxels: Tensor) -> Tensor:
        if voxels.dtype == torch.float32:
            return torch.mv(voxels, self.weight)
        output = self.weight.new_empty(len(voxels))
        buffer = self.weight.new_empty(VOXELS_AT_ONCE, len(self.weight))
        for block, products in zip(
            voxels.split(VOXELS_AT_ONCE), output.split(VOXELS_AT_ONCE), strict=True
        ):
            torch.mv(buffer[: len(block)].copy_(block), self.weight, out=products)
        return output
