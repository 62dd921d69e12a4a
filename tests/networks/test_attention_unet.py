"""The residual U-Net with attention."""

import torch

from crossvox.networks.attention_unet import AttentionUNet


def test_sizes_stay_and_values_lie_between_minus_1_and_1() -> None:
    network = AttentionUNet(sources=2, width=4, depth=2, norm="instance", up_sampling="nearest")
    synthesized = network(torch.randn(1, 2, 8, 12, 16))
    assert synthesized.shape == (1, 1, 8, 12, 16)
    assert synthesized.abs().max() <= 1


def test_every_weight_learns_once_self_attention_has_begun() -> None:
    network = AttentionUNet(sources=1, width=4, depth=2, norm="batch", up_sampling="nearest")
    torch.nn.init.ones_(network.attention.weight)
    network(torch.randn(1, 1, 8, 8, 8)).square().mean().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in network.parameters())
