"""Sums over all voxels of a batch, accurate to float32 for any number of voxels.

torch's kernels for channels-last order accumulate voxel by voxel in float32: over nine million
voxels of constant background the error of a mean exceeds the standard deviation, and depends on
the number of threads. The same kernels are accurate for a few hundred summands and fast for many
channels, so runs of voxels are passed to them as additional channels, and their results are added
in float64.
"""

from collections.abc import Iterator

import torch
from einops import rearrange
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor  # public in all but its name

SUMMANDS, SUMMANDS_BF16 = 128, 512  # per float32 sum; bfloat16 has 8 of float32's 24 bits
COLUMNS = 2**15  # sums at once; each thread's share stays in the processor's cache


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Compute mean and variance (over n) of each channel, (C,) float64.

    Args:
        features: (B, C, ...) on the CPU.
    """
    voxels = voxels_of(features)
    count, channels = voxels.shape
    sums = voxels.new_zeros(2, channels, dtype=torch.float64)
    if not has_no_data(features):
        for block in _blocks(voxels):
            sums += _sums_of(block)
    mean = sums[0] / count
    return mean, (sums[1] / count - mean.square()).clamp(min=0)


def gradient_sums(gradient: Tensor, features: Tensor, center: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the sums of gradient and of gradient * (features - center) for each channel.

    Args:
        gradient: (B, C, ...) on the CPU.
        features: Tensor of the same shape and type.
        center: (C,) float64, close to the mean of the features.

    Returns:
        Both sums, (C,) float64.
    """
    if has_no_data(features):
        return torch.empty_like(center), torch.empty_like(center)
    rounded_center = center.to(statistics_dtype(features))
    pairs = zip(_blocks(voxels_of(gradient)), _blocks(voxels_of(features)), strict=True)
    sums, products = torch.zeros_like(center), torch.zeros_like(center)
    for pair in pairs:
        _add_gradient_sums(*pair, rounded_center, sums=sums, products=products)
    return sums, products + sums * (rounded_center - center)


def voxels_of(features: Tensor) -> Tensor:
    """Reshape (B, C, ...) to (voxels, C); a view if `features` are channels last."""
    return rearrange(features, "b c ... -> (b ...) c")


def statistics_dtype(features: Tensor) -> torch.dtype:
    """Type of the statistics of `features` in torch's kernels: at least float32."""
    return torch.promote_types(features.dtype, torch.float32)


def has_no_data(features: Tensor) -> bool:
    """Whether `features` has sizes but no data, as in memory planning (acceleration/memory.py)."""
    return features.is_meta or isinstance(features, FakeTensor)


def _blocks(voxels: Tensor) -> Iterator[Tensor]:
    """Split voxels (n, C) into blocks (rows, run, C) with few rows to be summed per column."""
    count, channels = voxels.shape
    rows = SUMMANDS_BF16 if voxels.dtype == torch.bfloat16 else SUMMANDS
    run = max(1, min(COLUMNS // channels, count // rows))
    whole = count // run * run
    yield from voxels[:whole].unflatten(0, (-1, run)).split(rows)
    if whole < count:
        yield voxels[whole:][None]


def _sums_of(block: Tensor) -> Tensor:
    """Compute sums of values and of squares, (2, C) float64, from statistics of columns."""
    rows, run, channels = block.shape
    columns = _column_statistics(matrix=block.flatten(start_dim=1))
    mean, variance = torch.stack(columns).double()
    moments_of_columns = torch.stack((mean, torch.addcmul(variance, mean, mean)))
    summed: Tensor = moments_of_columns.unflatten(1, (run, channels)).sum(dim=1)
    return rows * summed


def _column_statistics(*, matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Compute mean and variance (over n) of each column of `matrix`.

    torch's batch normalization kernel also updates running statistics; here they are placeholders,
    and a momentum of 0 leaves them unchanged.
    """
    columns, dtype = matrix.shape[1], statistics_dtype(matrix)
    mean, variance = torch.batch_norm_update_stats(
        matrix,
        running_mean=torch.zeros(columns, dtype=dtype),
        running_var=torch.ones(columns, dtype=dtype),
        momentum=0.0,
    )
    return mean, variance


def _add_gradient_sums(
    gradient: Tensor, features: Tensor, center: Tensor, *, sums: Tensor, products: Tensor
) -> None:
    """Add the gradient sums of a block (rows, run, C) to `sums` and `products` in place."""
    _, run, channels = features.shape
    column_sums, column_products = _column_gradient_sums(
        gradient=gradient.flatten(start_dim=1),
        features=features.flatten(start_dim=1),
        center=center.repeat(run),
    )
    sums += column_sums.double().unflatten(0, (run, channels)).sum(dim=0)
    products += column_products.double().unflatten(0, (run, channels)).sum(dim=0)


def _column_gradient_sums(
    *, gradient: Tensor, features: Tensor, center: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute the sums of gradient and of gradient * (features - center) for each column.

    torch's backward pass of batch normalization has them as the gradients of bias and weight if the
    saved mean is `center` and the saved scale 1. The gradient of the features is not computed.
    """
    ones = torch.ones_like(center)
    _, weight_gradient, bias_gradient = torch.ops.aten.native_batch_norm_backward(
        gradient,
        features,
        ones,  # weight
        None,  # running mean
        None,  # running variance
        center,  # saved mean
        ones,  # saved 1 / standard deviation
        train=True,
        eps=0.0,
        output_mask=[False, True, True],
    )
    return bias_gradient, weight_gradient
