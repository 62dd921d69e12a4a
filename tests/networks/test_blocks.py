"""Laws of the convolutional units."""

import pytest
import torch
from torch.nn import functional

from crossvox.networks.blocks import (
    WIDE,
    Conv3d,
    Conv3x3x3,
    Norm,
    ResidualBlock,
    UpConv,
    norm_of,
)


@pytest.mark.parametrize("inputs", [3, WIDE])
def test_up_sampling_and_convolution_are_the_same_function_and_gradient_as_one(
    inputs: int,
) -> None:
    torch.manual_seed(0)
    block = UpConv(inputs, 5, up_sampling="nearest").double()
    features = torch.randn(2, inputs, 4, 5, 3, dtype=torch.float64)
    weights = torch.randn(2, 5, 8, 10, 6, dtype=torch.float64)

    together = block(features)
    (together * weights).sum().backward()
    gradient = block.conv.weight.grad
    assert gradient is not None
    gradient = gradient.clone()
    block.zero_grad()
    apart = block.conv(functional.interpolate(features, scale_factor=2, mode="nearest"))
    (apart * weights).sum().backward()

    torch.testing.assert_close(together, apart)
    torch.testing.assert_close(gradient, block.conv.weight.grad)


def test_trilinear_up_sampling_doubles_every_size() -> None:
    block = UpConv(2, 3, up_sampling="trilinear")
    assert block(torch.zeros(1, 2, 3, 4, 5)).shape == (1, 3, 6, 8, 10)


@pytest.mark.parametrize("norm", ["batch", "instance", "group"])
def test_residual_block_passes_its_input_on_beside_its_units(norm: Norm) -> None:
    torch.manual_seed(0)
    block = ResidualBlock(4, 4, norm=norm)
    for parameter in block.units.parameters():
        torch.nn.init.zeros_(parameter)
    features = torch.randn(2, 4, 4, 4, 4)
    torch.testing.assert_close(block(features), features)


@pytest.mark.parametrize("norm", ["instance", "group"])
def test_norms_without_batch_statistics_treat_each_item_alone(norm: Norm) -> None:
    torch.manual_seed(0)
    layer = norm_of(norm, 8)
    features = torch.randn(2, 8, 4, 4, 4)
    torch.testing.assert_close(layer(features)[:1], layer(features[:1]))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_bfloat16_gradients_are_those_of_float32_at_every_size(size: int) -> None:
    torch.manual_seed(0)
    conv, features = Conv3x3x3(16, 16), torch.randn(1, 16, size, 4, 4)
    weights = torch.randn(1, 16, size, 4, 4)
    (conv(features) * weights).sum().backward()
    assert conv.weight.grad is not None
    exact = conv.weight.grad.clone()
    for _ in range(6):
        conv.zero_grad()
        _dirty_the_heap()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            synthesized = conv(features)
        (synthesized.float() * weights).sum().backward()
        # eight bits of mantissa; what is never written is NaN here
        assert (conv.weight.grad - exact).norm() < 0.03 * exact.norm()


def _dirty_the_heap() -> None:
    sizes = (64, 512, 4000, 7000, 20_000, 60_000, 100_000, 1_000_000)
    for tensor in [torch.empty(size) for size in sizes]:
        tensor.fill_(float("nan"))


@pytest.mark.parametrize("channels", [1, 2])
def test_a_convolution_is_that_of_torch_in_value_and_gradient(channels: int) -> None:
    torch.manual_seed(0)
    ours = Conv3d(channels, 4, 3, padding=1, stride=2).double()
    theirs = torch.nn.Conv3d(channels, 4, 3, padding=1, stride=2).double()
    theirs.load_state_dict(ours.state_dict())
    order = torch.channels_last_3d
    given = torch.randn(1, channels, 6, 5, 4, dtype=torch.float64).contiguous(memory_format=order)
    features, twin = (given.clone().requires_grad_() for _ in range(2))
    out = ours(features)
    out.square().sum().backward()
    theirs(twin).square().sum().backward()
    torch.testing.assert_close(out, theirs(twin))
    torch.testing.assert_close(features.grad, twin.grad)
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs.get_parameter(name).grad)


def test_one_channel_becomes_channels_last() -> None:
    order, source = torch.channels_last_3d, torch.randn(1, 1, 16, 16, 16)
    network = Conv3d(1, 8, 3, padding=1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert network(source).is_contiguous(memory_format=order)
