"""Rewriting a network changes its speed and not its function."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from crossvox.acceleration.compute import Compute
from crossvox.acceleration.rewriting import optimized
from crossvox.contract import SynthesisMethod
from crossvox.synthesis.catalogue import build_method, method_names, method_settings
from weights import fill_zero_parameters, relative

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
    """A method whose batch normalization has seen something."""
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
    fill_zero_parameters(method)
    return method


@pytest.mark.parametrize("name", method_names())
def test_in_float32_a_method_stays_the_same_function(name: str) -> None:
    method, source = lived_in(name), torch.rand(1, 1, 17, 20, 9) * 2 - 1
    with torch.inference_mode():
        exact = copy.deepcopy(method).double().synthesize(source.double())
        rounding = (method.synthesize(source) - exact).abs().max()
        rewritten = optimized(method, EXACT).synthesize(source)
    # a millionth of the range of 2 beside what float32 itself rounds in the plain network
    assert (rewritten - exact).abs().max() <= 2e-6 + rounding


@pytest.mark.parametrize("name", method_names())
def test_in_bfloat16_a_method_stays_close(name: str) -> None:
    method, source = lived_in(name), torch.rand(1, 1, 17, 20, 9) * 2 - 1
    with torch.inference_mode():
        wanted = method.synthesize(source)
        found = optimized(method, FAST).synthesize(source)
        other = method.synthesize(-source)
    assert found.dtype == torch.float32
    # eight bits of mantissa through a dozen layers; another source differs by ten times as much
    assert relative(found, wanted) < 0.03
    assert relative(other, wanted) > 0.1


@pytest.mark.parametrize("sources", [1, 4])
def test_a_shortcut_without_a_convolution_takes_two_parts_too(sources: int) -> None:
    torch.manual_seed(0)
    method = build_method("gan3d", {"width": 4, "depth": 2}, sources=sources).eval()
    source = torch.rand(1, sources, 8, 8, 8) * 2 - 1
    with torch.inference_mode():
        found = optimized(method, FAST).synthesize(source)
        assert relative(found, method.synthesize(source)) < 0.03


def test_the_original_is_left_alone() -> None:
    method = lived_in("gan3d")
    before = copy.deepcopy(method.state_dict())
    optimized(method, FAST)
    assert all(torch.equal(before[key], value) for key, value in method.state_dict().items())
    assert any(isinstance(layer, _BatchNorm) for layer in method.modules())


def test_no_batch_normalization_remains_where_statistics_are_fixed() -> None:
    fast = optimized(lived_in("gan3d"), EXACT)
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
            optimized(method, EXACT).synthesize(source), method.synthesize(source)
        )
