"""Inference of a U-Net level by level in slabs along X, with only one slab's features in memory.

Each slab is computed with a halo as wide as the reach of its convolutions, which is then cropped:
the result equals that of the whole volume at the cost of a few more planes. Each level starts from
the complete output of the level before, so a halo never spans the reach of the whole network.
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

Thickness = int | None  # units per slab; None processes the whole volume at once
HALO = 2  # units: two 3x3x3 convolutions reach 2 fine planes, upsampling another coarse plane


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaled:
    """A tensor (B, C, X, Y, Z) and the number of its X planes per unit."""

    tensor: Tensor
    planes: int


class InParts(nn.Module):
    """A block that can accept features as two tensors instead of their concatenation.

    Attributes:
        takes_parts: Whether this block accepts two tensors.
    """

    takes_parts: bool


class SlabbedUNet(nn.Module):
    """A residual U-Net for inference whose levels can be computed in slabs.

    Attributes:
        slab: Thickness of a slab at every level in units; None for no slabs.
    """

    slab: Thickness = None

    def __init__(self, network: ResidualUNet) -> None:
        super().__init__()
        self.stem, self.pool, self.head = network.stem, network.pool, network.head
        self.encoder, self.up, self.decoder = network.encoder, network.up, network.decoder

    @property
    def takes_slabs(self) -> bool:
        """Whether slabs give the exact result, because no layer normalizes over all voxels."""
        return not any(isinstance(layer, _NormBase | nn.GroupNorm) for layer in self.modules())

    def forward(self, source: Tensor) -> Tensor:
        """Map (B, C, X, Y, Z) to (B, 1, X, Y, Z) in [-1, 1]."""
        finest = (Scaled(tensor=source, planes=1),)
        skips = [in_slabs(self.stem, finest, planes=1, thickness=self.slab)]
        for block in self.encoder:
            finer = (Scaled(tensor=skips[-1], planes=2),)
            skips.append(in_slabs(partial(self._down, block), finer, planes=1, thickness=self.slab))
        features = skips.pop()
        for level in range(len(self.decoder)):
            inputs = (Scaled(tensor=features, planes=1), Scaled(tensor=skips.pop(), planes=2))
            del features
            features = in_slabs(partial(self._up, level), inputs, planes=2, thickness=self.slab)
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
def using_slabs(method: nn.Module, thickness: Thickness) -> Iterator[None]:
    """Context in which all networks of `method` that support slabs use this thickness."""
    networks = [net for net in method.modules() if isinstance(net, SlabbedUNet) and net.takes_slabs]
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
    """Apply `level` to `inputs` slab by slab.

    Args:
        level: Function from the tensors to one of `planes` planes per unit, reaching at most 2
            units.
        inputs: Tensors with the same number of units.
        planes: Number of X planes of the result per unit.
        thickness: Thickness of a slab in units; None processes everything at once.
    """
    units = inputs[0].tensor.shape[2] // inputs[0].planes
    if thickness is None or units <= thickness:
        return level(*(scaled.tensor for scaled in inputs))

    def slab(first: int, last: int) -> Tensor:
        low, high = max(0, first - HALO), min(units, last + HALO)
        crops = (part.tensor[:, :, low * part.planes : high * part.planes] for part in inputs)
        return level(*crops)[:, :, (first - low) * planes : (last - low) * planes]

    first_slab = slab(0, thickness)
    whole = _empty_like(first_slab, planes=units * planes)
    whole[:, :, : thickness * planes] = first_slab
    for first in range(thickness, units, thickness):
        last = min(units, first + thickness)
        whole[:, :, first * planes : last * planes] = slab(first, last)
    return whole


def normalizes_over_volumes(layers: Iterable[nn.Module]) -> bool:
    """Whether a layer normalizes by statistics over all voxels of a volume."""
    return any(isinstance(layer, nn.GroupNorm | nn.InstanceNorm3d) for layer in layers)


def _empty_like(slab: Tensor, *, planes: int) -> Tensor:
    batch, channels, _, y, z = slab.shape
    order = torch.channels_last_3d
    return torch.empty(
        (batch, channels, planes, y, z), dtype=slab.dtype, device=slab.device, memory_format=order
    )
