"""Networks rewritten once for the device they will run on; a method does nothing for it.

Each rewriting computes the same function: in float32 to 1e-6 of the range, in bfloat16 to the
precision of that (docs/explanation/speed.md has the measurements).
"""

import copy
from itertools import pairwise
from typing import TypeGuard

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

from crossvox.contract import SynthesisMethod
from crossvox.networks.blocks import UpConv
from crossvox.synthesis.compute import Compute, channels_last

CONVOLUTIONS = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)
VOXELS_AT_ONCE = 2**15
STEM, HEAD = "stem", "head"  # what networks call their first and their last layers
TRANSPOSED = (nn.ConvTranspose2d, nn.ConvTranspose3d)


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


def optimised(method: SynthesisMethod, compute: Compute) -> SynthesisMethod:
    """A copy of `method` for synthesizing alone, on the device of `compute`.

    Batch normalisation is folded into the convolution before it, up-sampling becomes one
    transposed convolution with a fixed kernel, weights lie channels last, and everything is
    bfloat16 where that is fast.
    """
    fast = copy.deepcopy(method).eval().requires_grad_(requires_grad=False)
    for name in fast.product:
        network = fast.get_submodule(name)
        if fast.fixed_statistics:
            fold_normalisation(network)
        fix_up_sampling(network, compute)
        ease_head(network)
        channels_last(network)
        if compute.bf16:
            setattr(fast, name, InBfloat16(network))
    return fast.to(compute.device)


def fold_normalisation(network: nn.Module) -> None:
    """Scale and shift of each batch normalisation move into the convolution right before it."""
    for layers in network.modules():
        if not isinstance(layers, nn.Sequential):
            continue
        for (place, first), (following, second) in pairwise(list(layers.named_children())):
            if isinstance(first, CONVOLUTIONS) and isinstance(second, _BatchNorm):
                transposed = isinstance(first, TRANSPOSED)
                setattr(layers, place, fuse_conv_bn_eval(first, second, transpose=transposed))
                setattr(layers, following, nn.Identity())


def fix_up_sampling(network: nn.Module, compute: Compute) -> None:
    """Up-sampling convolutions keep the kernel that otherwise follows from their weights.

    Wide ones stay apart where that is faster: in bfloat16 on a CPU.
    """
    apart = compute.bf16 and compute.device == "cpu"
    for parent in network.modules():
        for name, child in list(parent.named_children()):
            if not isinstance(child, UpConv) or child.up_sampling != "nearest":
                continue
            if not (child.wide and apart):
                setattr(parent, name, _transposed(child))


def ease_head(network: nn.Module) -> None:
    """A head of one channel that sees each voxel alone becomes a product of matrix and vector."""
    head = getattr(network, HEAD, None)
    if isinstance(head, nn.Conv3d) and head.kernel_size == (1, 1, 1) and head.out_channels == 1:
        setattr(network, HEAD, VoxelByVoxel(head))


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


def _transposed(layer: UpConv) -> nn.ConvTranspose3d:
    kernel = layer.kernel().detach()
    inputs, outputs = kernel.shape[:2]
    fixed = nn.ConvTranspose3d(inputs, outputs, 4, stride=2, padding=1, bias=False)
    fixed.weight = nn.Parameter(kernel, requires_grad=False)
    return fixed.to(kernel.device)
