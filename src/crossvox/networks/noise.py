"""Noise fixed to the voxels of a volume, independent of the windows it is processed in."""

from collections.abc import Callable

import torch
from torch import Tensor

Noise = Callable[[int], Tensor]  # as in contract.py: step to standard normal tensor
STRIDE = 1_000_003  # gives each pair of seed and step its own generator seed


def normal_noise(shape: tuple[int, ...], *, seed: int) -> Noise:
    """Create standard normal noise of `shape` for each step, reproducible by `seed`, on the CPU."""

    def noise(step: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed * STRIDE + step)
        return torch.randn(shape, generator=generator)

    return noise


def surrounded(noise: Noise, shape: tuple[int, ...], inner: tuple[slice, ...]) -> Noise:
    """Extend `noise`, which fills the `inner` part, to a larger `shape` with other noise."""
    outer = normal_noise(shape, seed=STRIDE)

    def extended(step: int) -> Tensor:
        values = outer(step)
        values[inner] = noise(step).to(values)
        return values

    return extended
