"""Batch normalization against torch's own and, at full size, against float64."""

import pytest
import torch
from torch import Tensor, nn

from backgrounds import FULL_SIZE, exactly_normalized, largest, mostly_background, threads
from crossvox.networks.batch_norm import BatchNorm2d, BatchNorm3d
from crossvox.networks.freezing import normalizing_by_batch

CHANNELS = 8


def features(*sizes: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    volume = torch.randn(2, CHANNELS, *sizes, generator=generator)
    scale = torch.linspace(0.1, 3, CHANNELS).reshape(1, -1, *(1 for _ in sizes))
    return volume * scale + scale


def pair(kind: type[BatchNorm2d | BatchNorm3d], momentum: float | None) -> list[nn.Module]:
    """Ours and torch's, with equal weights."""
    theirs = nn.BatchNorm2d if kind is BatchNorm2d else nn.BatchNorm3d
    layers: list[nn.Module] = [
        kind(CHANNELS, momentum=momentum), theirs(CHANNELS, momentum=momentum)
    ]  # fmt: skip
    nn.init.normal_(layers[0].weight, 1.0, 0.3)  # type: ignore[arg-type]  # it has weights
    layers[1].load_state_dict(layers[0].state_dict())
    return layers


@pytest.mark.parametrize("momentum", [0.1, 0.0, None])
@pytest.mark.parametrize(("kind", "sizes"), [(BatchNorm2d, (16, 20)), (BatchNorm3d, (9, 8, 7))])
def test_values_gradients_and_statistics_are_those_of_torch(
    kind: type[BatchNorm2d | BatchNorm3d], sizes: tuple[int, ...], momentum: float | None
) -> None:
    layers = pair(kind, momentum)
    answers = []
    for layer in layers:
        for step in range(2):
            leaf = (features(*sizes) * (1 + step)).requires_grad_()
            layer.zero_grad()
            layer(leaf).square().sum().backward()
        answers.append([leaf.grad, *(one.grad for one in layer.parameters()), *layer.buffers()])
        answers[-1].append(layer.eval()(leaf))
    for one, other in zip(*answers, strict=True):
        # float32 sums over 1000 voxels in another order
        torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_a_full_volume_is_normalized_as_in_float64_in_training_and_prediction(
    kind: torch.dtype,
) -> None:
    volume = mostly_background(FULL_SIZE, channels=2, kind=kind)
    wanted = exactly_normalized(volume, groups=2)
    # float32: the background's sum; bfloat16: half a last digit of values up to 16
    tolerance = 1e-5 if kind == torch.float32 else 2**-5
    exact = torch.var_mean(volume.double(), dim=(0, 2, 3, 4))
    for count in (1, 2):
        layer = BatchNorm3d(2, momentum=1.0)
        with threads(count), torch.no_grad():
            assert largest(layer(volume).double() - wanted) < tolerance
            torch.testing.assert_close(layer.running_mean, exact[1].float(), atol=1e-6, rtol=0)
            torch.testing.assert_close(layer.running_var, exact[0].float(), atol=0, rtol=1e-5)
            with normalizing_by_batch(layer.eval()):
                assert largest(layer(volume).double() - wanted) < tolerance


def test_slices_of_a_large_plane_are_normalized_as_in_float64() -> None:
    plane = mostly_background((2048, 2048), channels=2)
    wanted = exactly_normalized(plane, groups=2)
    with torch.no_grad():
        for layer in (BatchNorm2d(2), nn.InstanceNorm2d(2, affine=True)):
            assert largest(layer(plane).double() - wanted) < 1e-5  # float32 of 8 deviations


def test_a_single_voxel_is_refused_while_learning() -> None:
    with pytest.raises(ValueError, match="more than 1 value"):
        BatchNorm3d(2)(torch.zeros(1, 2, 1, 1, 1))
