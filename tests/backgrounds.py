"""Features that are mostly constant background, like stripped heads, and their normalization."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from einops import reduce
from torch import Tensor

FULL_SIZE = (240, 240, 155)  # 8.9 million voxels
ORDERS = {4: torch.channels_last, 5: torch.channels_last_3d}


def mostly_background(
    sizes: tuple[int, ...], *, channels: int, kind: torch.dtype = torch.float32
) -> Tensor:
    """(1, C, ...) features, channels last, constant except in a box of half the sizes."""
    generator = torch.Generator().manual_seed(0)
    levels = torch.linspace(-0.7, -0.3, channels).reshape(1, -1, *(1 for _ in sizes))
    features = levels.expand(1, channels, *sizes).clone()
    box = (slice(None), slice(None), *(slice(size // 4, 3 * size // 4) for size in sizes))
    inside = features[box]
    inside.copy_(torch.randn(inside.shape, generator=generator) * 0.3 - levels)
    return features.to(kind).contiguous(memory_format=ORDERS[features.ndim])


def exactly_normalized(features: Tensor, *, groups: int, eps: float = 1e-5) -> Tensor:
    """Group normalization of the first item in float64."""
    exact = features[0].double().reshape(groups, -1)
    mean = exact.mean(dim=1, keepdim=True)
    exact -= mean
    variance = reduce(exact.square(), "g n -> g 1", "mean")
    exact /= (variance + eps).sqrt()
    return exact.reshape(features.shape)


def largest(error: Tensor) -> float:
    return float(error.abs().max())


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run torch with `count` threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
