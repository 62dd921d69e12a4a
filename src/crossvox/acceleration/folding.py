"""Layers of a trained network folded into fewer ones; the same function in float32 to 1e-6."""

from itertools import pairwise

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

from crossvox.acceleration.up_sampling import TransposedUpConv, transpose_up_sampling

CONVOLUTIONS = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)
TRANSPOSED = (nn.ConvTranspose2d, nn.ConvTranspose3d)
VOXELS_AT_ONCE = 2**15
HEAD = "head"  # name that networks give their last layers


def fold_normalization(network: nn.Module) -> None:
    """Scale and shift of each batch normalization move into the convolution right before it."""
    for layers in network.modules():
        if not isinstance(layers, nn.Sequential):
            continue
        for (place, first), (following, second) in pairwise(list(layers.named_children())):
            if isinstance(first, CONVOLUTIONS) and isinstance(second, _BatchNorm):
                transposed = isinstance(first, TRANSPOSED)
                setattr(layers, place, fuse_conv_bn_eval(first, second, transpose=transposed))
                setattr(layers, following, nn.Identity())


def fix_up_sampling(network: nn.Module, *, apart_if_wide: bool) -> None:
    """Nearest upsampling and its convolution become a transposed convolution of a fixed kernel.

    Args:
        network: Changed in place.
        apart_if_wide: Leave wide layers as they are, which is faster in bfloat16 on a CPU.
    """
    transpose_up_sampling(network, apart_if_wide=apart_if_wide)
    for parent in network.modules():
        for name, child in list(parent.named_children()):
            if isinstance(child, TransposedUpConv):
                setattr(parent, name, child.fixed())


def ease_head(network: nn.Module) -> None:
    """A head of one channel that sees each voxel alone becomes a product of matrix and vector."""
    head = getattr(network, HEAD, None)
    if isinstance(head, nn.Conv3d) and head.kernel_size == (1, 1, 1) and head.out_channels == 1:
        setattr(network, HEAD, VoxelByVoxel(head))


class VoxelByVoxel(nn.Module):
    """A 1x1x1 convolution to one channel, float32 whatever it is given.

    torch's own is twelve times slower in float32. What was not float32 becomes it in parts that
    stay in the processor's cache.
    """

    def __init__(self, layer: nn.Conv3d) -> None:
        super().__init__()
        self.weight = nn.Parameter(layer.weight.detach().reshape(-1), requires_grad=False)
        bias = torch.zeros(1) if layer.bias is None else layer.bias.detach()
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, features: Tensor) -> Tensor:
        """(B, 1, X, Y, Z) of (B, C, X, Y, Z)."""
        batch, _, x, y, z = features.shape
        voxels = rearrange(features, "b c x y z -> (b x y z) c")
        answer = self._product(voxels) + self.bias
        return rearrange(answer, "(b x y z) -> b 1 x y z", b=batch, x=x, y=y, z=z)

    def _product(self, voxels: Tensor) -> Tensor:
        if voxels.dtype == torch.float32:
            return torch.mv(voxels, self.weight)
        answer = self.weight.new_empty(len(voxels))
        room = self.weight.new_empty(VOXELS_AT_ONCE, len(self.weight))
        for given, part in zip(
            voxels.split(VOXELS_AT_ONCE), answer.split(VOXELS_AT_ONCE), strict=True
        ):
            torch.mv(room[: len(given)].copy_(given), self.weight, out=part)
        return answer
