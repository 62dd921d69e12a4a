"""What is fused is the same function."""

import copy

import pytest
import torch
from torch import Tensor, nn

from crossvox.acceleration.compute import Compute, channels_last
from crossvox.acceleration.folding import fold_normalization
from crossvox.acceleration.fusion import (
    ConvActivation,
    SummedInPlace,
    add_convolution,
    can_fuse,
    conv_activation,
    fuse_activations,
    fuse_sums,
    fused,
)
from crossvox.acceleration.memory import peak_bytes
from crossvox.acceleration.rewriting import optimized
from crossvox.acceleration.slabs import InParts
from crossvox.networks.blocks import Norm, ResidualBlock
from crossvox.synthesis.catalogue import build_method, method_names, method_settings
from weights import fill_zero_parameters, relative

EXACT, FAST = Compute(device="cpu", bf16=False), Compute(device="cpu", bf16=True)
pytestmark = pytest.mark.skipif(
    not can_fuse(FAST), reason="torch has no oneDNN here, or it has no bfloat16"
)


def features(channels: int = 4) -> Tensor:
    return torch.randn(1, channels, 9, 8, 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.LeakyReLU(0.2)])
def test_a_convolution_and_its_activation(activation: nn.Module) -> None:
    layers = nn.Sequential(nn.Conv3d(4, 5, 3, stride=2, padding=1), nn.Identity(), activation)
    together = copy.deepcopy(layers)
    fuse_activations(together)
    kinds = [type(layer) for layer in together.children()]
    assert kinds == [ConvActivation, nn.Identity, nn.Identity]
    with torch.inference_mode():
        torch.testing.assert_close(together(features()), layers(features()), atol=1e-6, rtol=0)


def test_an_activation_after_something_else_stays() -> None:
    layers = nn.Sequential(nn.Conv3d(4, 5, 1), nn.BatchNorm3d(5), nn.ReLU(), nn.Conv3d(5, 5, 1))
    fuse_activations(layers)
    assert [type(layer) for layer in layers] == [nn.Conv3d, nn.BatchNorm3d, nn.ReLU, nn.Conv3d]


@pytest.mark.parametrize(("inputs", "outputs"), [(4, 6), (4, 4), (1, 4)])
def test_a_residual_block(inputs: int, outputs: int) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(ResidualBlock(inputs, outputs, norm="batch")).eval()
    fold_normalization(network)
    together = copy.deepcopy(network)
    fuse_activations(together)
    fuse_sums(together)
    assert isinstance(together[0], SummedInPlace)
    given = features(inputs)
    with torch.inference_mode():
        wanted = network(given)
        torch.testing.assert_close(together(given), wanted, atol=1e-6, rtol=0)
    assert torch.equal(given, features(inputs))


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_a_convolution_of_features_in_two_parts(kind: torch.dtype) -> None:
    layers = channels_last(nn.Sequential(nn.Conv3d(5, 4, 3, padding=1), nn.ReLU()))
    together = nn.Sequential(*copy.deepcopy(layers).to(kind).children())
    fuse_activations(together)
    parts = features(5).to(kind).split((2, 3), dim=1)
    near = [part.contiguous(memory_format=torch.channels_last_3d) for part in parts]
    with torch.inference_mode():
        found = together[0](*near).float()
        tolerance = 1e-6 if kind == torch.float32 else 2e-2
        torch.testing.assert_close(found, layers(features(5)), atol=tolerance, rtol=0)


@pytest.mark.parametrize(
    ("norm", "inputs", "outputs", "takes"),
    [("batch", 6, 3, True), ("batch", 6, 6, False), ("batch", 2, 3, False), ("group", 6, 3, False)],
)
def test_a_residual_block_takes_parts_where_it_can(
    norm: Norm,
    inputs: int,
    outputs: int,
    takes: bool,  # noqa: FBT001 - parametrized
) -> None:
    torch.manual_seed(0)
    block = ResidualBlock(inputs, outputs, norm=norm).eval()
    network = nn.Sequential(copy.deepcopy(block))
    if norm == "batch":
        fold_normalization(network)
    fuse_activations(network)
    fuse_sums(network)
    assert isinstance(network[0], InParts)
    assert network[0].takes_parts == takes
    given = features(inputs)
    parts = given.split(inputs // 2, dim=1) if takes else (given,)
    with torch.inference_mode():
        torch.testing.assert_close(network[0](*parts), block(given), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", method_names())
@pytest.mark.parametrize("compute", [EXACT, FAST], ids=["float32", "bfloat16"])
def test_every_method_stays_the_same_function(name: str, compute: Compute) -> None:
    torch.manual_seed(0)
    few = {"sampling_steps": 4} if "sampling_steps" in method_settings(name, {}) else {}
    method = build_method(name, {"width": 8, **few}, sources=1).eval()
    fill_zero_parameters(method)
    source = torch.rand(1, 1, 17, 20, 9) * 2 - 1
    apart = optimized(method, compute)
    together = fused(copy.deepcopy(apart), compute)
    with torch.inference_mode():
        wanted = apart.synthesize(source)
        found = together.synthesize(source)
    # bfloat16 rounds a sum once instead of twice
    assert relative(found, wanted) < (2e-2 if compute.bf16 else 1e-5)


def test_memory_of_fused_layers_is_known_without_contents() -> None:
    layer, shape = (
        nn.Conv3d(4, 4, 3, padding=1).requires_grad_(requires_grad=False),
        (1, 4, 8, 8, 8),
    )

    def work() -> None:
        given = torch.empty(shape)
        made = conv_activation(given, layer.weight, layer.bias, [1] * 3, [1] * 3, 0.0)
        add_convolution(made, given, layer.weight, layer.bias, [1] * 3, [1] * 3)

    assert peak_bytes(work) == 2 * 4 * 4 * 8**3


def test_other_devices_are_left_alone() -> None:
    method = optimized(build_method("gan3d", {"width": 4, "depth": 2}, sources=1), EXACT)
    assert fused(method, Compute(device="cuda", bf16=False)) is method
    assert not any(isinstance(layer, ConvActivation) for layer in method.modules())
