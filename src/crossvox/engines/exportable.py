"""Methods that can be exported as one graph, in the form that is exported."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from crossvox.acceleration.rewriting import folded
from crossvox.contract import SynthesisMethod
from crossvox.engines.normalization import normalize_by_volume
from crossvox.errors import SettingsError

VOLUME_AXES = 5  # of (B, C, X, Y, Z)


def exportable(method: SynthesisMethod) -> SynthesisMethod:
    """Copy of `method` for inference, in float32 and with only layers that engines support.

    Raises:
        SettingsError: The method needs several passes of its network.
    """
    if method.passes > 1:
        raise SettingsError(
            f"{_name_of(method)} runs its network {method.passes} times per volume, in a loop that"
            " one graph cannot hold; export a single-pass method, or use crossvox predict"
        )
    plain = copy.deepcopy(method).eval()
    by_volume = (nn.GroupNorm,) if plain.fixed_statistics else (nn.GroupNorm, _BatchNorm)
    normalize_by_volume(plain, by_volume)
    return folded(plain)


def multiple_of(method: SynthesisMethod, *, sources: int) -> int:
    """Number of which each size of a volume must be a multiple.

    It is the size to which the method pads a single voxel.

    Args:
        method: Single-pass method.
        sources: Number of input channels.

    Raises:
        SettingsError: The network receives slices instead of the whole volume, or noise as well.
    """
    probed = copy.deepcopy(method)
    probes = {name: _Probe() for name in probed.product}
    for name, probe in probes.items():
        setattr(probed, name, probe)
    with torch.inference_mode():
        probed.synthesize(torch.zeros(1, sources, 1, 1, 1))
    shapes = [shape for probe in probes.values() for shape in probe.shapes]
    if len(shapes) != 1:
        raise SettingsError(
            f"{_name_of(method)} gives its network more than the source, such as noise, which an"
            " exported file cannot supply; use crossvox predict"
        )
    shape = shapes[0]
    if len(shape) != VOLUME_AXES or len(set(shape[2:])) != 1:
        raise SettingsError(
            f"{_name_of(method)} does not give its network the whole volume but slices, in a loop"
            " that one graph cannot hold; use crossvox predict"
        )
    return shape[2]


class _Probe(nn.Module):
    """Stand-in for a network that records the shapes of its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, source: Tensor, *others: Tensor) -> Tensor:
        self.shapes += [tuple(tensor.shape) for tensor in (source, *others)]
        return source[:, :1]


def _name_of(method: SynthesisMethod) -> str:
    return type(method).__module__.rpartition(".")[2]
