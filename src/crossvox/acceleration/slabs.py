"""One level of a U-Net in slabs along X, so that only a slab of its features is alive at once.

Each slab is computed with as many planes beside it as its convolutions reach, which are cut off
again: the result is that of the whole, and costs a few planes more. Coarser levels go on from the
whole of what a level leaves, so a slab never needs the reach of the entire network.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from crossvox.networks.unet import ResidualUNet

Thickness = int | None  # units of a slab; None is the whole
HALO = 2  # units: two 3x3x3 convolutions reach 2 fine planes, up-sampling one coarse plane more


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaled:
    """A tensor (B, C, X, Y, Z) and how many of its X planes are one unit."""

    tensor: Tensor
    planes: int


class InParts(nn.Module):
    """A block to which features may come as two tensors that would be joined otherwise.

    Attributes:
        takes_parts: Whether they may.
    """

    takes_parts: bool


class SlabbedUNet(nn.Module):
    """A residual U-Net for inference whose levels can be computed in slabs.

    Attributes:
        slab: Units of a slab of every level; None is the whole.
    """

    slab: Thickness = None

    def __init__(self, network: ResidualUNet) -> None:
        super().__init__()
        self.stem, self.pool, self.head = network.stem, network.pool, network.head
        self.encoder, self.up, self.decoder = network.encoder, network.up, network.decoder

    @property
    def takes_slabs(self) -> bool:
        """Whether slabs give the result of the whole: no layer normalizes over all voxels."""
        return not any(isinstance(layer, _NormBase | nn.GroupNorm) for layer in self.modules())

    def forward(self, source: Tensor) -> Tensor:
        """(B, 1, X, Y, Z) in [-1, 1] of (B, C, X, Y, Z)."""
        finest = (Scaled(tensor=source, planes=1),)
        skips = [in_slabs(self.stem, finest, planes=1, thickness=self.slab)]
        for block in self.encoder:
            finer = (Scaled(tensor=skips[-1], planes=2),)
            skips.append(in_slabs(partial(self._down, block), finer, planes=1, thickness=self.slab))
        features = skips.pop()
        for level in range(len(self.decoder)):
            both = (Scaled(tensor=features, planes=1), Scaled(tensor=skips.pop(), planes=2))
            del features
            features = in_slabs(partial(self._up, level), both, planes=2, thickness=self.slab)
        return features

    def _down(self, block: nn.Module, features: Tensor) -> Tensor:
        return cast("Tensor", block(self.pool(features)))

    def _up(self, level: int, features: Tensor, skip: Tensor) -> Tensor:
        block = self.decoder[level]
        if isinstance(block, InParts) and block.takes_parts:
            decoded = block(self.up[level](features), skip)
        else:
            decoded = block(torch.cat((self.up[level](features), skip), dim=1))
        if level < len(self.decoder) - 1:
            return cast("Tensor", decoded)
        return torch.tanh(self.head(decoded))


@contextmanager
def slabs_of(method: nn.Module, thickness: Thickness) -> Iterator[None]:
    """Within it every network of `method` that takes slabs has such ones."""
    networks = [one for one in method.modules() if isinstance(one, SlabbedUNet) and one.takes_slabs]
    before = [network.slab for network in networks]
    for network in networks:
        network.slab = thickness
    try:
        yield
    finally:
        for network, slab in zip(networks, before, strict=True):
            network.slab = slab


def in_slabs(
    level: Callable[..., Tensor],
    inputs: Sequence[Scaled],
    *,
    planes: int,
    thickness: Thickness,
) -> Tensor:
    """`level` of `inputs`, slab by slab.

    Args:
        level: Takes the tensors, gives one of `planes` planes a unit; it reaches at most 2 units.
        inputs: All of equally many units.
        planes: Of the result, a unit.
        thickness: Units of a slab; None does all at once.
    """
    units = inputs[0].tensor.shape[2] // inputs[0].planes
    if thickness is None or units <= thickness:
        return level(*(one.tensor for one in inputs))

    def slab(first: int, last: int) -> Tensor:
        low, high = max(0, first - HALO), min(units, last + HALO)
        cut = (one.tensor[:, :, low * one.planes : high * one.planes] for one in inputs)
        return level(*cut)[:, :, (first - low) * planes : (last - low) * planes]

    beginning = slab(0, thickness)
    whole = _empty_like(beginning, planes=units * planes)
    whole[:, :, : thickness * planes] = beginning
    for first in range(thickness, units, thickness):
        last = min(units, first + thickness)
        whole[:, :, first * planes : last * planes] = slab(first, last)
    return whole


def normalizes_over_volumes(layers: Iterable[nn.Module]) -> bool:
    """Whether features are divided by what they are over all voxels of a volume."""
    return any(isinstance(layer, nn.GroupNorm | nn.InstanceNorm3d) for layer in layers)


def _empty_like(slab: Tensor, *, planes: int) -> Tensor:
    batch, channels, _, y, z = slab.shape
    order = torch.channels_last_3d
    return torch.empty(
        (batch, channels, planes, y, z), dtype=slab.dtype, device=slab.device, memory_format=order
    )
