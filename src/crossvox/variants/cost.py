"""Floating-point operations and parameters of a piece of work, counted without computing."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from crossvox.acceleration.memory import NOWHERE

Forward = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Computational cost of a variant, independent of the machine.

    Attributes:
        operations: Floating-point operations of one call of the work, in convolutions and matrix
            products only; a multiplication and an addition count as two.
        parameters: Number of weights of its networks.
    """

    operations: int
    parameters: int


def operations_of(work: Callable[[], object]) -> int:
    """Count the floating-point operations of convolutions and matrix products in `work`."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        work()
    return int(counter.get_total_flops())


def parameters_of(network: nn.Module) -> int:
    """Count the trainable weights of `network`."""
    return sum(weights.numel() for weights in network.parameters())


def on_meta(forward: Forward) -> Forward:
    """Wrap `forward` for counting: it runs on a meta tensor, and the result is zeros.

    The result is on the CPU, so code that splits a volume into windows or slices runs unchanged.

    Args:
        forward: Network on the meta device.
    """

    def zeros(volume: Tensor) -> Tensor:
        return torch.zeros(forward(torch.empty(volume.shape, device=NOWHERE)).shape)

    return zeros
