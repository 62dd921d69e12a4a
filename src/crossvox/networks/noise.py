"""Noise that belongs to a volume, wherever a window cuts it."""

from collections.abc import Callable

import torch
from torch import Tensor

Noise = Callable[[int], Tensor]  # the contract's: a step's standard normal tensor
STRIDE = 1_000_003  # keeps seeds of different (seed, step) apart


def normal_noise(shape: tuple[int, ...], *, seed: int) -> Noise:
    """Standard normal noise of `shape` for each step, on the CPU; equal seeds, equal noise."""

    def noise(step: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed * STRIDE + step)
        return torch.randn(shape, generator=generator)

    return noise


def surrounded(noise: Noise, shape: tuple[int, ...], inner: tuple[slice, ...]) -> Noise:
    """`noise` in the middle of a larger `shape`, with other noise around it."""
    outer = normal_noise(shape, seed=STRIDE)

    def larger(step: int) -> Tensor:
        everywhere = outer(step)
        everywhere[inner] = noise(step).to(everywhere)
        return everywhere

    return larger
