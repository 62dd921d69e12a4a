"""What this machine could compute: large convolutions, which nothing interrupts."""

from functools import partial

import torch
from torch.nn import functional

from crossvox.acceleration.compute import compute_at_hand
from crossvox.variants.cost import Cost
from crossvox.variants.variant import AS_OURS, CEILING, Setting, Variant, Work

CHANNELS = (16, 32, 64, 128)
TAPS = 27


def convolution(setting: Setting, *, channels: int) -> Work:
    """One large 3x3x3 convolution in the precision and memory order that ours runs in."""
    kind = torch.bfloat16 if compute_at_hand(device="cpu").bf16 else torch.float32
    order = torch.channels_last_3d
    sides = [setting.convolution_side] * 3
    features = torch.rand(1, channels, *sides).to(kind, memory_format=order)
    weights = torch.rand(channels, channels, 3, 3, 3).to(kind, memory_format=order)
    return torch.inference_mode()(partial(functional.conv3d, features, weights, padding=1))


def cost_of_convolution(setting: Setting, *, channels: int) -> Cost:
    """Two operations for each tap, pair of channels and voxel, the border's padding included."""
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
