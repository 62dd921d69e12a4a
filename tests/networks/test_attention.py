"""Attention gates and self-attention."""

import torch
from torch import nn

from crossvox.networks.attention import AttentionGate, SelfAttention


def test_a_gate_weighs_every_voxel_between_0_and_1() -> None:
    torch.manual_seed(0)
    gate, skip = AttentionGate(skip=4, gating=8), torch.rand(1, 4, 8, 8, 4) + 0.1
    weights = gate(skip, torch.randn(1, 8, 4, 4, 2)) / skip
    assert ((weights > 0) & (weights < 1)).all()
    # one weight for all channels of a voxel
    torch.testing.assert_close(weights[:, :1].expand_as(weights), weights)


def test_an_open_gate_lets_the_skip_pass() -> None:
    gate, skip = AttentionGate(skip=4, gating=8), torch.randn(1, 4, 4, 4, 4)
    nn.init.zeros_(gate.weigh.weight)
    nn.init.constant_(gate.weigh.bias, 50.0)  # type: ignore[arg-type]  # it has one
    torch.testing.assert_close(gate(skip, torch.randn(1, 8, 2, 2, 2)), skip)


def test_self_attention_begins_as_the_identity() -> None:
    features = torch.randn(1, 16, 3, 4, 5)
    assert torch.equal(SelfAttention(16)(features), features)


def test_self_attention_follows_a_permutation_of_places() -> None:
    torch.manual_seed(0)
    attention, features = SelfAttention(64), torch.randn(1, 64, 4, 2, 2)
    nn.init.ones_(attention.weight)
    # float32 sums in another order
    torch.testing.assert_close(
        attention(features.flip(2)), attention(features).flip(2), atol=1e-5, rtol=1e-4
    )


def test_self_attention_is_the_softmax_of_scaled_products() -> None:
    torch.manual_seed(0)
    attention, features = SelfAttention(8), torch.randn(1, 8, 2, 2, 2)
    nn.init.ones_(attention.weight)
    query, key, value = attention.project(features).reshape(3, 8, 8)
    weights = torch.softmax(query.T @ key / 8**0.5, dim=-1)
    told = (weights @ value.T).T.reshape(1, 8, 2, 2, 2)
    wanted = features + attention.merge(told)
    # float32 sums in another order
    torch.testing.assert_close(attention(features), wanted, atol=1e-5, rtol=1e-4)
