"""Normalization on a CPU with accurate statistics for any number of voxels.

Mean and variance come from `sums`; the result is a factor and a shift per channel. The gradient is
a combination of the features, the incoming gradient and a shift, with one factor each per channel.
"""

from collections.abc import Iterator
from typing import Any, cast

import torch
from einops import rearrange
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from crossvox.networks.sums import gradient_sums, has_no_data, moments, statistics_dtype, voxels_of

DEVICES = ("cpu", "meta")  # torch is accurate on others
COLUMNS, ROWS = 2**12, 32  # size of one thread's tile
MOST_TILES = 32  # threads synchronize after each tile


def normalized(
    features: Tensor, weight: Tensor, bias: Tensor, *, groups: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalize `features` over the batch, all voxels and the channels of each group.

    Args:
        features: (B, C, ...) on the CPU.
        weight: Scale of each channel after normalization, (C,).
        bias: Shift of each channel after normalization, (C,).
        groups: Number of groups of consecutive channels; C normalizes each channel by itself.
        eps: Constant added to variances.

    Returns:
        Normalized features of the same shape, type and memory order, and the mean and variance
        (over n) that normalized them, each (C,) float64.
    """
    results = _Normalized.apply(  # type: ignore[no-untyped-call]  # torch's
        features, weight, bias, groups, eps
    )
    return cast("tuple[Tensor, Tensor, Tensor]", results)


class _Normalized(Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's context
        features: Tensor,
        weight: Tensor,
        bias: Tensor,
        groups: int,
        eps: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        centers, variances = moments(features)
        mean = _over_groups(centers, groups)
        variance = _over_groups(variances + (centers - mean).square(), groups)
        scale = (variance + eps).rsqrt()
        ctx.save_for_backward(features, weight, centers, mean, scale)
        ctx.groups = groups
        ctx.mark_non_differentiable(mean, variance)
        factor = scale * weight
        return _linear(features, factor, bias - mean * factor), mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's context
        features, weight, centers, mean, scale = ctx.saved_tensors
        sums, products = gradient_sums(gradient, features, centers)
        products = products + sums * (centers - mean)
        voxels = features.numel() // features.shape[1]
        slope = -_over_groups(products * weight, ctx.groups) * scale**3 / voxels
        shift = -_over_groups(sums * weight, ctx.groups) * scale / voxels - slope * mean
        feature_gradient = _blended(
            features, gradient, slope=slope, factor=scale * weight, shift=shift
        )
        weight_gradient, bias_gradient = (products * scale).to(weight.dtype), sums.to(weight.dtype)
        return feature_gradient, weight_gradient, bias_gradient, None, None


def _over_groups(values: Tensor, groups: int) -> Tensor:
    """Replace the value (C,) of each channel with the mean over its group."""
    grouped = values.reshape(groups, -1)
    return grouped.mean(dim=1, keepdim=True).expand_as(grouped).reshape(-1)


def _linear(features: Tensor, factor: Tensor, shift: Tensor) -> Tensor:
    """Compute features * factor + shift for each channel, keeping memory order and type.

    Batch normalization at inference with a mean of 0 and a variance of 1 is this function.
    """
    factor, shift = (values.to(statistics_dtype(features)) for values in (factor, shift))
    return functional.batch_norm(
        features,
        running_mean=torch.zeros_like(factor),
        running_var=torch.ones_like(factor),
        weight=factor,
        bias=shift,
        training=False,
        eps=0.0,
    )


def _blended(
    features: Tensor, gradient: Tensor, *, slope: Tensor, factor: Tensor, shift: Tensor
) -> Tensor:
    """Compute features * slope + gradient * factor + shift, rounded once, channels last."""
    voxels = voxels_of(features)
    blended = torch.empty_like(voxels, memory_format=torch.contiguous_format)
    if not has_no_data(features):
        run = max(1, COLUMNS // features.shape[1])
        factors = [
            values.to(statistics_dtype(features)).repeat(run) for values in (slope, factor, shift)
        ]
        rows = (_rows(tensor, run) for tensor in (blended, voxels, voxels_of(gradient)))
        for result, feature_rows, gradient_rows in zip(*rows, strict=True):
            columns = feature_rows.shape[1]
            slopes, scales, shifts = (values[:columns] for values in factors)
            _blend(result, feature_rows, gradient_rows, slope=slopes, factor=scales, shift=shifts)
    shaped: Tensor = blended.unflatten(0, (len(features), *features.shape[2:]))
    return rearrange(shaped, "b ... c -> b c ...")


def _blend(
    result: Tensor,
    features: Tensor,
    gradient: Tensor,
    *,
    slope: Tensor,
    factor: Tensor,
    shift: Tensor,
) -> None:
    """Write features * slope + gradient * factor + shift to `result`, computed in float32."""
    if result.dtype == shift.dtype:
        torch.addcmul(shift, features, slope, out=result).addcmul_(gradient, factor)
        return
    # Tile by tile, so that float32 intermediates stay in the processor's cache.
    size = max(ROWS * torch.get_num_threads(), -(-len(result) // MOST_TILES))
    tiles = zip(result.split(size), features.split(size), gradient.split(size), strict=True)
    for tile, feature_tile, gradient_tile in tiles:
        tile.copy_(
            torch.addcmul(shift, feature_tile.float(), slope).addcmul_(
                gradient_tile.float(), factor
            )
        )


def _rows(voxels: Tensor, run: int) -> Iterator[Tensor]:
    """Split voxels (n, C) into matrices (rows, run x C); the last may have fewer columns."""
    whole = len(voxels) // run * run
    yield voxels[:whole].unflatten(0, (-1, run)).flatten(start_dim=1)
    if whole < len(voxels):
        yield voxels[whole:].flatten()[None]
