"""Normalization on a CPU by statistics that are right whatever the number of voxels.

Mean and variance come from `sums`; one factor and one shift for each channel give the result. The
gradient is a factor of the features, a factor of what comes back and a shift.
"""

from collections.abc import Iterator
from typing import Any, cast

import torch
from einops import rearrange
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from crossvox.networks.sums import exact_type, gradient_sums, has_no_contents, moments, voxels_of

DEVICES = ("cpu", "meta")  # torch is right on others
COLUMNS, ROWS = 2**12, 32  # of a tile of one thread
MOST_TILES = 32  # threads wait for each other at each


def normalized(
    features: Tensor, weight: Tensor, bias: Tensor, *, groups: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`features` normalized over the batch, all voxels and the channels of each group.

    Args:
        features: (B, C, ...) on the CPU.
        weight: (C,), the standard deviation afterwards.
        bias: (C,), the mean afterwards.
        groups: Equal runs of channels; as many as there are channels normalize each by itself.
        eps: Added to variances.

    Returns:
        The same shape, type and memory order, and the mean and variance (over n) that were
        subtracted and divided by, (C,) float64.
    """
    results = _Normalized.apply(  # type: ignore[no-untyped-call]  # torch's
        features, weight, bias, groups, eps
    )
    return cast("tuple[Tensor, Tensor, Tensor]", results)


class _Normalized(Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's
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
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's
        features, weight, centers, mean, scale = ctx.saved_tensors
        sums, products = gradient_sums(gradient, features, centers)
        products = products + sums * (centers - mean)
        voxels = features.numel() // features.shape[1]
        along = -_over_groups(products * weight, ctx.groups) * scale**3 / voxels
        across = -_over_groups(sums * weight, ctx.groups) * scale / voxels - along * mean
        back = _blended(features, gradient, along, scale * weight, across)
        return back, (products * scale).to(weight.dtype), sums.to(weight.dtype), None, None


def _over_groups(values: Tensor, groups: int) -> Tensor:
    """Each channel's value replaced by the mean of its group, (C,) of (C,)."""
    each = values.reshape(groups, -1)
    return each.mean(dim=1, keepdim=True).expand_as(each).reshape(-1)


def _linear(features: Tensor, factor: Tensor, shift: Tensor) -> Tensor:
    """`features` times a factor plus a shift for each channel, in their order and type."""
    factor, shift = (values.to(exact_type(features)) for values in (factor, shift))
    zeros, ones = torch.zeros_like(factor), torch.ones_like(factor)
    return functional.batch_norm(features, zeros, ones, factor, shift, training=False, eps=0.0)


def _blended(
    features: Tensor, gradient: Tensor, along: Tensor, factor: Tensor, shift: Tensor
) -> Tensor:
    """`features` x `along` + `gradient` x `factor` + `shift`, rounded once, channels last."""
    voxels = voxels_of(features)
    blended = torch.empty_like(voxels, memory_format=torch.contiguous_format)
    if not has_no_contents(features):
        run = max(1, COLUMNS // features.shape[1])
        factors = [values.to(exact_type(features)).repeat(run) for values in (along, factor, shift)]
        rows = (_rows(each, run) for each in (blended, voxels, voxels_of(gradient)))
        for result, ours, theirs in zip(*rows, strict=True):
            _blend(result, ours, theirs, *(values[: ours.shape[1]] for values in factors))
    shaped: Tensor = blended.unflatten(0, (len(features), *features.shape[2:]))
    return rearrange(shaped, "b ... c -> b c ...")


def _blend(
    result: Tensor, ours: Tensor, theirs: Tensor, along: Tensor, factor: Tensor, shift: Tensor
) -> None:
    if result.dtype == shift.dtype:
        torch.addcmul(shift, ours, along, out=result).addcmul_(theirs, factor)
        return
    # Tile by tile, so that what is float32 for a moment stays in the processor's cache.
    size = max(ROWS * torch.get_num_threads(), -(-len(result) // MOST_TILES))
    for tile, our, their in zip(
        result.split(size), ours.split(size), theirs.split(size), strict=True
    ):
        tile.copy_(torch.addcmul(shift, our.float(), along).addcmul_(their.float(), factor))


def _rows(voxels: Tensor, run: int) -> Iterator[Tensor]:
    """(rows, run x C), together all voxels; the last has fewer columns."""
    whole = len(voxels) // run * run
    yield voxels[:whole].unflatten(0, (-1, run)).flatten(start_dim=1)
    if whole < len(voxels):
        yield voxels[whole:].flatten()[None]
