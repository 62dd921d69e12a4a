"""Precision and memory order of any network."""

import torch
from torch import nn

from crossvox.acceleration.compute import choose_compute
from crossvox.variants.treated import fast_precision, treated
from crossvox.variants.variant import AS_OURS, AS_TORCH


def test_fast_is_what_crossvox_chooses_here() -> None:
    half = choose_compute(device="cpu").bf16
    assert fast_precision() == ("bfloat16" if half else "float32")


def test_a_network_as_ours_has_weights_and_features_channels_last_in_the_fast_precision() -> None:
    network = nn.Conv3d(2, 4, 3)
    with torch.inference_mode():
        features = treated(network, network, treatment=AS_OURS)(torch.ones(1, 2, 5, 6, 7))
    for tensor in (network.weight, features):
        assert tensor.is_contiguous(memory_format=torch.channels_last_3d)
    assert features.dtype == getattr(torch, fast_precision())


def test_a_network_as_torch_runs_it_stays_contiguous_in_float32() -> None:
    network = nn.Conv3d(2, 4, 3)
    with torch.inference_mode():
        features = treated(network, network, treatment=AS_TORCH)(torch.ones(1, 2, 5, 6, 7))
    assert network.weight.is_contiguous()
    assert features.is_contiguous()
    assert features.dtype == torch.float32
