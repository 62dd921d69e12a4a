"""Behavior that the contract gives to methods; methods/ tests what methods must keep."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from crossvox.contract import Batch, Noise, Objective, SynthesisMethod


class TwoNetworks(SynthesisMethod):
    """Method of a product network and a critic that synthesis does not need."""

    product: ClassVar[tuple[str, ...]] = ("product_network",)

    def __init__(self) -> None:
        super().__init__()
        self.product_network = nn.Conv3d(1, 1, 1)
        self.product_network_critic = nn.Conv3d(1, 1, 1)  # shares the prefix of its name on purpose

    def optimizers(self) -> dict[str, Optimizer]:
        """Optimizer of the product network alone."""
        return {"product_network": SGD(self.product_network.parameters())}

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """Mean absolute distance to the target."""
        loss = (self.product_network(batch.source) - batch.target).abs().mean()
        yield Objective(network="product_network", loss=loss)

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - the contract's
        """Apply the product network."""
        synthesized: Tensor = self.product_network(source)
        return synthesized


def test_the_product_state_holds_the_product_and_nothing_else() -> None:
    names = set(TwoNetworks().product_state())
    assert names == {"product_network.weight", "product_network.bias"}


def test_networks_are_loaded_from_flat_names_and_others_are_left_alone() -> None:
    torch.manual_seed(0)
    one, other = TwoNetworks(), TwoNetworks()
    critic = other.product_network_critic.weight.clone()
    other.load_networks({**one.state_dict(), "step": torch.ones(1)}, names=one.product)
    assert torch.equal(one.product_network.weight, other.product_network.weight)
    assert torch.equal(critic, other.product_network_critic.weight)


def test_a_network_whose_weights_are_absent_is_refused() -> None:
    with pytest.raises(RuntimeError, match="Missing key"):
        TwoNetworks().load_networks({}, names=("product_network",))


def test_an_objective_has_no_terms_unless_it_names_some() -> None:
    assert Objective(network="product_network", loss=torch.zeros(())).terms == {}


def test_a_method_that_leaves_something_open_cannot_be_built() -> None:
    class Unfinished(SynthesisMethod):
        product: ClassVar[tuple[str, ...]] = ()

    with pytest.raises(TypeError, match="abstract"):
        Unfinished()  # type: ignore[abstract]  # under test
