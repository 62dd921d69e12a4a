"""Which methods become one graph, and the form of them that does."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from crossvox.acceleration.rewriting import folded
from crossvox.contract import SynthesisMethod
from crossvox.engines.normalization import normalize_by_volume
from crossvox.errors import SettingsError

VOLUME = 5  # axes of (B, C, X, Y, Z)


def exportable(method: SynthesisMethod) -> SynthesisMethod:
    """A copy of `method` for synthesizing alone, in float32 and of layers that engines know.

    Raises:
        SettingsError: It needs many passes of its network.
    """
    if method.passes > 1:
        raise SettingsError(
            f"{_name_of(method)} runs its network {method.passes} times for one volume, which is"
            " a loop and no graph; export a method of one pass, or use crossvox predict"
        )
    plain = copy.deepcopy(method).eval()
    by_volume = (nn.GroupNorm,) if plain.fixed_statistics else (nn.GroupNorm, _BatchNorm)
    normalize_by_volume(plain, by_volume)
    return folded(plain)


def multiple_of(method: SynthesisMethod, *, sources: int) -> int:
    """What each size of a volume must be a multiple of: what the network gets for one voxel.

    Args:
        method: Of one pass.
        sources: Channels in.

    Raises:
        SettingsError: The network sees something else than the volume: slices, or noise as well.
    """
    probed = copy.deepcopy(method)
    probes = {name: _Probe() for name in probed.product}
    for name, probe in probes.items():
        setattr(probed, name, probe)
    with torch.inference_mode():
        probed.synthesize(torch.zeros(1, sources, 1, 1, 1))
    seen = [shape for probe in probes.values() for shape in probe.shapes]
    if len(seen) != 1:
        raise SettingsError(
            f"{_name_of(method)} gives its network more than the source, such as noise, which an"
            " exported file has not; use crossvox predict"
        )
    shape = seen[0]
    if len(shape) != VOLUME or len(set(shape[2:])) != 1:
        raise SettingsError(
            f"{_name_of(method)} does not give its network the volume as a whole but slices, in a"
            " loop over some at a time, which is no graph; use crossvox predict"
        )
    return shape[2]


class _Probe(nn.Module):
    """Stands for a network and keeps the shapes of what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, source: Tensor, *others: Tensor) -> Tensor:
        self.shapes += [tuple(one.shape) for one in (source, *others)]
        return source[:, :1]


def _name_of(method: SynthesisMethod) -> str:
    return type(method).__module__.rpartition(".")[2]
