"""One level of a U-Net in slabs along X, so that only a slab of its features is alive at once.

Each slab is computed with as many planes beside it as its convolutions reach, which are cut off
again: the result is that of the whole, and costs a few planes more. Coarser levels go on from the
whole of what a level leaves, so a slab never needs the reach of the entire network.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

Thickness = int | None  # units of a slab; None is the whole
HALO = 2  # units: two 3x3x3 convolutions reach 2 fine planes, up-sampling one coarse plane more


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaled:
    """A tensor (B, C, X, Y, Z) and how many of its X planes are one unit."""

    tensor: Tensor
    planes: int


class Slabbed(nn.Module):
    """A network whose levels can be computed in slabs while synthesizing.

    Attributes:
        slab: Units of a slab of every level; None is the whole.
    """

    slab: Thickness = None

    @property
    def takes_slabs(self) -> bool:
        """Whether slabs give what the whole gives: nothing is normalised over all voxels."""
        return not any(isinstance(one, _NormBase | nn.GroupNorm) for one in self.modules())


@contextmanager
def slabs_of(method: nn.Module, thickness: Thickness) -> Iterator[None]:
    """Within it every network of `method` that takes slabs has such ones."""
    networks = [one for one in method.modules() if isinstance(one, Slabbed) and one.takes_slabs]
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


def normalises_over_volumes(layers: Iterable[nn.Module]) -> bool:
    """Whether features are divided by what they are over all voxels of a volume."""
    return any(isinstance(layer, nn.GroupNorm | nn.InstanceNorm3d) for layer in layers)


def _empty_like(slab: Tensor, *, planes: int) -> Tensor:
    batch, channels, _, y, z = slab.shape
    order = torch.channels_last_3d
    return torch.empty(
        (batch, channels, planes, y, z), dtype=slab.dtype, device=slab.device, memory_format=order
    )
