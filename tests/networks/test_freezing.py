"""Networks held still."""

import torch
from torch import nn

from crossvox.networks.blocks import ConvUnit
from crossvox.networks.freezing import frozen, normalizing_by_batch


def test_a_frozen_network_passes_gradients_on_and_keeps_its_own_state() -> None:
    network = ConvUnit(1, 2, norm="batch")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    source = torch.randn(1, 1, 4, 4, 4, requires_grad=True)
    with frozen(network):
        network(source).sum().backward()
    assert source.grad is not None
    assert all(parameter.grad is None for parameter in network.parameters())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_normalizing_by_batch_gives_what_training_mode_gives_and_changes_nothing() -> None:
    torch.manual_seed(0)
    network = nn.BatchNorm3d(2)
    source = torch.randn(1, 2, 4, 4, 4) * 3 + 5
    expected = nn.BatchNorm3d(2).train()(source)
    network.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with normalizing_by_batch(network):
        torch.testing.assert_close(network(source), expected)
    assert not network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
