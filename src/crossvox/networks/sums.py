"""Sums over all voxels of a batch, right to float32 whatever their number.

torch's kernels for channels-last order add voxel after voxel in float32: over nine million voxels
of constant background a mean is off by more than the standard deviation, and by another amount
with another number of threads. The same kernels are right over some hundred summands and fast over
many channels, so runs of voxels are passed to them as if they were further channels, and what they
return is added in float64.
"""

from collections.abc import Iterator

import torch
from einops import rearrange
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor  # public in all but its name

SUMMANDS, SUMMANDS_BF16 = 128, 512  # of one float32 sum; bfloat16 has 8 bits of float32's 24
COLUMNS = 2**15  # sums side by side: a thread's share stays in the processor's cache


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance (over n) of each channel, (C,) float64.

    Args:
        features: (B, C, ...) on the CPU.
    """
    voxels = voxels_of(features)
    count, channels = voxels.shape
    sums = voxels.new_zeros(2, channels, dtype=torch.float64)
    if not has_no_contents(features):
        for block in _blocks(voxels):
            sums += _sums_of(block)
    mean = sums[0] / count
    return mean, (sums[1] / count - mean.square()).clamp(min=0)


def gradient_sums(gradient: Tensor, features: Tensor, center: Tensor) -> tuple[Tensor, Tensor]:
    """Sum `gradient`, and `gradient` x (`features` - `center`), for each channel.

    Args:
        gradient: (B, C, ...) on the CPU.
        features: The same shape and type.
        center: (C,) float64, close to the mean of `features`.

    Returns:
        Both sums, (C,) float64.
    """
    if has_no_contents(features):
        return torch.empty_like(center), torch.empty_like(center)
    near = center.to(exact_type(features))
    pairs = zip(_blocks(voxels_of(gradient)), _blocks(voxels_of(features)), strict=True)
    sums, products = torch.zeros_like(center), torch.zeros_like(center)
    for pair in pairs:
        _add_gradient_sums(*pair, near, sums=sums, products=products)
    return sums, products + sums * (near - center)


def voxels_of(features: Tensor) -> Tensor:
    """(voxels, C) of (B, C, ...); a view where `features` are channels last."""
    return rearrange(features, "b c ... -> (b ...) c")


def exact_type(features: Tensor) -> torch.dtype:
    """The type that statistics of `features` have in torch's kernels: float32 at least."""
    return torch.promote_types(features.dtype, torch.float32)


def has_no_contents(features: Tensor) -> bool:
    """Whether only sizes are asked for, as when memory is planned (acceleration/memory.py)."""
    return features.is_meta or isinstance(features, FakeTensor)


def _blocks(voxels: Tensor) -> Iterator[Tensor]:
    """(rows, run, C), together all voxels; each column is the sum of few rows."""
    count, channels = voxels.shape
    rows = SUMMANDS_BF16 if voxels.dtype == torch.bfloat16 else SUMMANDS
    run = max(1, min(COLUMNS // channels, count // rows))
    whole = count // run * run
    yield from voxels[:whole].unflatten(0, (-1, run)).split(rows)
    if whole < count:
        yield voxels[whole:][None]


def _sums_of(block: Tensor) -> Tensor:
    """Sums of values and of their squares, (2, C) float64, from means and variances of columns."""
    rows, run, channels = block.shape
    kind = exact_type(block)
    running = torch.zeros(run * channels, dtype=kind), torch.ones(run * channels, dtype=kind)
    columns = torch.batch_norm_update_stats(block.flatten(start_dim=1), *running, 0.0)
    mean, variance = torch.stack(columns).double()
    sums = torch.stack((mean, torch.addcmul(variance, mean, mean)))
    summed: Tensor = sums.unflatten(1, (run, channels)).sum(dim=1)
    return rows * summed


def _add_gradient_sums(
    gradient: Tensor, features: Tensor, center: Tensor, *, sums: Tensor, products: Tensor
) -> None:
    _, run, channels = features.shape
    centers = center.repeat(run)
    ones = torch.ones_like(centers)
    # With a scale of 1 the gradient of its weight is the sum of gradient x (features - center).
    _, along, plain = torch.ops.aten.native_batch_norm_backward(
        gradient.flatten(start_dim=1), features.flatten(start_dim=1), ones, None, None, centers,
        ones, train=True, eps=0.0, output_mask=[False, True, True],
    )  # fmt: skip
    sums += plain.double().unflatten(0, (run, channels)).sum(dim=0)
    products += along.double().unflatten(0, (run, channels)).sum(dim=0)
