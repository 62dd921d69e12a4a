"""Operations and parameters of a unit of work, counted without computing."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from crossvox.acceleration.memory import NOWHERE

Forward = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The size of a variant, independent of the machine.

    Attributes:
        operations: Floating-point operations of one work; a multiplication and an addition are
            two. Convolutions and matrix products are counted, nothing else.
        parameters: Weights of its networks.
    """

    operations: int
    parameters: int


def operations_of(work: Callable[[], object]) -> int:
    """Floating-point operations of convolutions and matrix products while `work` is done."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        work()
    return int(counter.get_total_flops())


def parameters_of(network: nn.Module) -> int:
    """Number of weights that training would change."""
    return sum(weights.numel() for weights in network.parameters())


def without_contents(forward: Forward) -> Forward:
    """`forward` for counting: it sees a meta tensor of its argument's shape and returns zeros.

    The result is on the CPU, so whatever cuts a volume into windows or slices runs unchanged.

    Args:
        forward: A network on the meta device.
    """

    def sized(volume: Tensor) -> Tensor:
        return torch.zeros(forward(torch.empty(volume.shape, device=NOWHERE)).shape)

    return sized
