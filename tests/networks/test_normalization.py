"""Normalization against float64, at full size and with every kind of groups."""

import pytest
import torch
from torch import Tensor

from backgrounds import FULL_SIZE, exactly_normalized, largest, mostly_background, threads
from crossvox.acceleration.memory import peak_bytes
from crossvox.networks.normalization import normalized

ROUNDING = 2**-9  # of bfloat16, relative


def exact_gradients(features: Tensor, gradient: Tensor, groups: int) -> tuple[Tensor, ...]:
    """Gradients of features, weight and bias (1 and 0), by autograd in float64."""
    exact = features.double().contiguous().requires_grad_()
    result = exactly(exact, groups)
    (result * gradient).sum().backward()
    over = (0, *range(2, features.ndim))
    assert exact.grad is not None
    return exact.grad, (result.detach() * gradient).sum(over), gradient.double().sum(over)


def exactly(exact: Tensor, groups: int) -> Tensor:
    each = exact.reshape(groups, -1)
    mean = each.mean(dim=1, keepdim=True)
    deviation = (each.var(dim=1, keepdim=True, correction=0) + 1e-5).sqrt()
    return ((each - mean) / deviation).reshape(exact.shape)


def ours(
    features: Tensor, gradient: Tensor, groups: int
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    channels = features.shape[1]
    leaf = features.clone().requires_grad_()
    weight, bias = (
        torch.ones(channels, requires_grad=True),
        torch.zeros(channels, requires_grad=True),
    )
    result = normalized(leaf, weight, bias, groups=groups, eps=1e-5)[0]
    result.backward(gradient)
    assert leaf.grad is not None
    return result.detach(), leaf.grad, weight.grad, bias.grad


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_nine_million_voxels_are_normalized_and_learned_from_as_in_float64(
    kind: torch.dtype,
) -> None:
    features = mostly_background(FULL_SIZE, channels=2, kind=kind)
    gradient = (0.1 * features.float().square() + 0.01).to(kind)
    wanted = exactly_normalized(features, groups=2)
    slopes = exact_gradients(features, gradient, 2)
    rounding = ROUNDING if kind == torch.bfloat16 else 1e-6
    for count in (1, 2):
        with threads(count):
            result, back, *parameters = ours(features, gradient, 2)
        # values reach 16 deviations
        assert largest(result.double() - wanted) < 16 * rounding
        # what comes back is divided by a deviation of a quarter
        assert largest(back.double() - slopes[0]) < 8 * rounding * largest(gradient)
        for found, exact in zip(parameters, slopes[1:], strict=True):
            assert found is not None
            assert largest(found / exact - 1) < 1e-5


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("sizes", [(5, 7, 3), (9, 8)])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_gradients_are_those_of_float64_for_any_groups_and_orders(
    groups: int, sizes: tuple[int, ...], kind: torch.dtype
) -> None:
    generator = torch.Generator().manual_seed(0)
    features, gradient = (torch.randn(1, 4, *sizes, generator=generator).to(kind) for _ in range(2))
    last = torch.channels_last if len(sizes) == 2 else torch.channels_last_3d
    slopes = exact_gradients(features, gradient, groups)
    rounding = 4 * ROUNDING if kind == torch.bfloat16 else 2e-6
    for order in (torch.contiguous_format, last):
        _, *found = ours(features.contiguous(memory_format=order), gradient, groups)
        for one, exact in zip(found, slopes, strict=True):
            assert one is not None
            assert largest(one - exact) < rounding * largest(exact)


def test_planning_memory_counts_features_and_reads_no_contents() -> None:
    weight, bias = torch.ones(4), torch.zeros(4)

    def work() -> Tensor:
        features = torch.empty(1, 4, 64, 64, 64, requires_grad=True)
        result = normalized(features, weight, bias, groups=4, eps=1e-5)[0]
        result.sum().backward()
        return result

    # features, result, what comes back and the gradient, 4 MiB each, and some vectors
    assert 16 * 2**20 <= peak_bytes(work, autocast=True) < 17 * 2**20
