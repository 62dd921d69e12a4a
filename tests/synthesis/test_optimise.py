"""Rewriting a network changes its speed and not its function."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from crossvox.contract import SynthesisMethod
from crossvox.networks.blocks import WIDE, ConvUnit, UpConv, UpSampling
from crossvox.synthesis.catalogue import build_method, method_names, method_settings
from crossvox.synthesis.compute import Compute
from crossvox.synthesis.optimise import (
    InBfloat16,
    InTwoParts,
    VoxelByVoxel,
    ease_head,
    fix_up_sampling,
    fold_normalisation,
    optimised,
)
from weights import relative, waken

EXACT, FAST = Compute(device="cpu", bf16=False), Compute(device="cpu", bf16=True)
SMALL = {
    "width": 8,
    "depth": 2,
    "blocks": (1, 1, 2),
    "norm": "batch",
    "sampling_steps": 2,
    "prediction": "v",
    "schedule": "cosine",
    "discriminator_width": 4,
}


def lived_in(name: str) -> SynthesisMethod:
    """A method whose batch normalisation has seen something."""
    torch.manual_seed(0)
    known = method_settings(name, {})
    settings = {key: value for key, value in SMALL.items() if key in known}
    method = build_method(name, settings, sources=1).eval()
    for layer in method.modules():
        if isinstance(layer, _BatchNorm):
            nn.init.normal_(layer.weight, 1.0, 0.2)
            nn.init.normal_(layer.bias, 0.0, 0.2)
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_(0.0, 0.3)
            layer.running_var.uniform_(0.5, 2.0)
    waken(method)
    return method


@pytest.mark.parametrize("name", method_names())
def test_in_float32_a_method_stays_the_same_function(name: str) -> None:
    method, source = lived_in(name), torch.rand(1, 1, 17, 20, 9) * 2 - 1
    with torch.inference_mode():
        wanted = method.synthesize(source)
        found = optimised(method, EXACT).synthesize(source)
    # a millionth of the range of 2, and sums in another order
    torch.testing.assert_close(found, wanted, atol=4e-6, rtol=0)


@pytest.mark.parametrize("name", method_names())
def test_in_bfloat16_a_method_stays_close(name: str) -> None:
    method, source = lived_in(name), torch.rand(1, 1, 17, 20, 9) * 2 - 1
    with torch.inference_mode():
        wanted = method.synthesize(source)
        found = optimised(method, FAST).synthesize(source)
        other = method.synthesize(-source)
    assert found.dtype == torch.float32
    # eight bits of mantissa through a dozen layers; another source differs by ten times as much
    assert relative(found, wanted) < 0.03
    assert relative(other, wanted) > 0.1


def test_two_parts_keep_what_one_loses() -> None:
    torch.manual_seed(0)
    exact = nn.Conv3d(1, 16, 3, padding=1)
    source = torch.rand(1, 1, 12, 12, 12) * 2 - 1
    with torch.inference_mode():
        wanted = exact(source)
        parts = InTwoParts(copy.deepcopy(exact))
        both = (parts(source).float() - wanted).abs().mean()
        one = (parts(source.bfloat16()).float() - wanted).abs().mean()
        rounded = (wanted.bfloat16().float() - wanted).abs().mean()
    # what is left is the rounding of the result
    assert both < 1.1 * rounded
    assert one > 1.3 * rounded


@pytest.mark.parametrize("sources", [1, 4])
def test_a_shortcut_without_a_convolution_takes_two_parts_too(sources: int) -> None:
    torch.manual_seed(0)
    method = build_method("gan3d", {"width": 4, "depth": 2}, sources=sources).eval()
    source = torch.rand(1, sources, 8, 8, 8) * 2 - 1
    with torch.inference_mode():
        found = optimised(method, FAST).synthesize(source)
        assert relative(found, method.synthesize(source)) < 0.03


class Mirroring(nn.Module):
    """A network whose first convolution is of another kind."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv3d(2, 2, 3, padding=1, padding_mode="reflect")

    def forward(self, source: Tensor) -> Tensor:
        """Of the stem."""
        mirrored: Tensor = self.stem(source)
        return mirrored


def test_a_stem_that_begins_otherwise_gets_bfloat16() -> None:
    torch.manual_seed(0)
    network, source = Mirroring(), torch.rand(1, 2, 6, 6, 6)
    with torch.inference_mode():
        wanted = network(source)
        found = InBfloat16(copy.deepcopy(network))(source)
    torch.testing.assert_close(found, wanted, atol=2e-2, rtol=0)


def test_the_original_is_left_alone() -> None:
    method = lived_in("gan3d")
    before = copy.deepcopy(method.state_dict())
    optimised(method, FAST)
    assert all(torch.equal(before[key], value) for key, value in method.state_dict().items())
    assert any(isinstance(layer, _BatchNorm) for layer in method.modules())


def test_no_batch_normalisation_remains_where_statistics_are_fixed() -> None:
    fast = optimised(lived_in("gan3d"), EXACT)
    assert not any(
        isinstance(layer, _BatchNorm) for layer in fast.get_submodule("generator").modules()
    )


def test_statistics_of_the_volume_are_not_folded_away() -> None:
    method = build_method(
        "gan3d", {"width": 4, "depth": 2, "prediction_statistics": "batch"}, sources=1
    ).eval()
    source = torch.rand(1, 1, 8, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(
            optimised(method, EXACT).synthesize(source), method.synthesize(source)
        )


def test_folding_follows_the_layers_statistics() -> None:
    unit = ConvUnit(2, 3, norm="batch").eval()
    norm = unit[1]
    assert isinstance(norm, nn.BatchNorm3d)
    assert norm.running_mean is not None
    norm.running_mean.fill_(0.5)
    folded, features = copy.deepcopy(unit), torch.randn(1, 2, 4, 4, 4)
    fold_normalisation(folded)
    assert isinstance(folded[1], nn.Identity)
    torch.testing.assert_close(folded(features), unit(features))


def test_up_sampling_keeps_its_kernel() -> None:
    network = nn.Sequential(UpConv(4, 2, up_sampling="nearest"))
    fixed, features = copy.deepcopy(network), torch.randn(1, 4, 3, 4, 5)
    fix_up_sampling(fixed, Compute(device="cpu", bf16=True))
    assert isinstance(fixed[0], nn.ConvTranspose3d)
    torch.testing.assert_close(fixed(features), network(features))


@pytest.mark.parametrize(("inputs", "up_sampling"), [(4, "trilinear"), (WIDE, "nearest")])
def test_up_sampling_that_is_not_one_with_its_convolution_is_left_as_it_is(
    inputs: int, up_sampling: UpSampling
) -> None:
    network = nn.Sequential(UpConv(inputs, 2, up_sampling=up_sampling))
    fix_up_sampling(network, Compute(device="cpu", bf16=True))
    assert isinstance(network[0], UpConv)


@pytest.mark.parametrize("bias", [True, False])
def test_a_head_voxel_by_voxel_is_its_convolution(bias: bool) -> None:  # noqa: FBT001 - parametrised
    network = nn.Module()
    network.head = nn.Conv3d(4, 1, 1, bias=bias)
    features = torch.randn(2, 4, 3, 5, 4)
    wanted = network.head(features)
    ease_head(network)
    assert isinstance(network.head, VoxelByVoxel)
    torch.testing.assert_close(network.head(features), wanted)


def test_a_head_that_sees_neighbours_is_left_alone() -> None:
    network = nn.Module()
    network.head = nn.Conv3d(4, 1, 3, padding=1)
    ease_head(network)
    assert isinstance(network.head, nn.Conv3d)
