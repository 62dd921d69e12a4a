"""Upper bounds on the speed of this machine: large, uninterrupted convolutions."""

from functools import partial

import torch
from torch.nn import functional

from crossvox.acceleration.compute import choose_compute
from crossvox.variants.cost import Cost
from crossvox.variants.variant import AS_OURS, CEILING, Setting, Variant, Work

CHANNELS = (16, 32, 64, 128)  # input and output channels of each convolution
TAPS = 27  # voxels of a 3x3x3 kernel


def convolution(setting: Setting, *, channels: int) -> Work:
    """One large 3x3x3 convolution in the precision and memory order that crossvox uses."""
    dtype = torch.bfloat16 if choose_compute(device="cpu").bf16 else torch.float32
    order = torch.channels_last_3d
    sides = [setting.convolution_side] * 3
    features = torch.rand(1, channels, *sides).to(dtype, memory_format=order)
    weights = torch.rand(channels, channels, 3, 3, 3).to(dtype, memory_format=order)
    return torch.inference_mode()(partial(functional.conv3d, features, weights, padding=1))


def cost_of_convolution(setting: Setting, *, channels: int) -> Cost:
    """Count two operations per tap, pair of channels and voxel, including padding at the border."""
    taps = TAPS * channels**2
    return Cost(operations=2 * taps * setting.convolution_side**3, parameters=taps)


CEILINGS: tuple[Variant, ...] = tuple(
    Variant(
        name=f"3x3x3 convolution, {channels} to {channels} channels",
        group=CEILING,
        load=partial(convolution, channels=channels),
        pages="kept",
        treatment=AS_OURS,
        cost=partial(cost_of_convolution, channels=channels),
    )
    for channels in CHANNELS
)
