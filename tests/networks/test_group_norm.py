"""Group normalization against torch's own and, at full size, against float64."""

import pytest
import torch
from torch import Tensor, nn

from backgrounds import FULL_SIZE, exactly_normalized, largest, mostly_background, threads
from crossvox.networks.group_norm import GroupNorm

CHANNELS = 8


def layers(groups: int) -> tuple[GroupNorm, nn.GroupNorm]:
    """Ours and torch's, with equal weights."""
    torch.manual_seed(0)
    ours, theirs = GroupNorm(groups, CHANNELS), nn.GroupNorm(groups, CHANNELS)
    nn.init.normal_(ours.weight, 1.0, 0.3)
    nn.init.normal_(ours.bias)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def volumes(items: int) -> Tensor:
    """Channels with means and spreads of their own, channels last."""
    generator = torch.Generator().manual_seed(1)
    volume = torch.randn(items, CHANNELS, 6, 5, 7, generator=generator)
    scale = torch.linspace(0.1, 3, CHANNELS).reshape(1, -1, 1, 1, 1)
    return (volume * scale + 5 * scale).contiguous(memory_format=torch.channels_last_3d)


@pytest.mark.parametrize("groups", [1, 4, CHANNELS])
@pytest.mark.parametrize("items", [1, 3])
def test_values_and_gradients_are_those_of_torch(groups: int, items: int) -> None:
    ours, theirs = layers(groups)
    one, other = (volumes(items).requires_grad_() for _ in range(2))
    wanted = torch.randn(one.shape, generator=torch.Generator().manual_seed(2))
    for layer, features in ((ours, one), (theirs, other)):
        (layer(features) * wanted).sum().backward()
    # float32 sums over 210 voxels in another order
    torch.testing.assert_close(ours(one), theirs(other), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(one.grad, other.grad, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(ours.bias.grad, theirs.bias.grad, atol=1e-4, rtol=1e-4)


def test_as_many_groups_as_channels_are_instance_normalization() -> None:
    features = volumes(2)
    torch.testing.assert_close(
        GroupNorm(CHANNELS, CHANNELS)(features),
        nn.InstanceNorm3d(CHANNELS)(features),
        atol=1e-4,
        rtol=1e-4,
    )


def test_bfloat16_stays_bfloat16_and_channels_last() -> None:
    ours, theirs = layers(4)
    features = volumes(1).bfloat16()
    found = ours(features)
    assert found.dtype == torch.bfloat16
    assert found.is_contiguous(memory_format=torch.channels_last_3d)
    # eight bits of mantissa of values up to 5
    torch.testing.assert_close(found.float(), theirs(features.float()), atol=0.05, rtol=0.02)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_a_full_volume_is_normalized_as_in_float64_in_training_and_prediction(
    groups: int, kind: torch.dtype
) -> None:
    volume = mostly_background(FULL_SIZE, channels=2, kind=kind)
    wanted = exactly_normalized(volume, groups=groups)
    # float32: the background's sum; bfloat16: half a last digit of values up to 16
    tolerance = 1e-5 if kind == torch.float32 else 2**-5
    layer = GroupNorm(groups, 2)
    for count in (1, 2):
        with threads(count):
            assert largest(layer(volume).detach().double() - wanted) < tolerance
            with torch.inference_mode():
                assert largest(layer(volume).double() - wanted) < tolerance
