"""Learning rate schedule of a run."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch.optim import Optimizer


def learning_rate_factor(step: int, *, steps: int, decay_share: float) -> float:
    """Factor on learning rates at `step`: 1, then falling linearly towards 0.

    Args:
        step: Number of the step about to be taken, from 1.
        steps: Number of steps of the whole run.
        decay_share: Share of the run, at its end, over which the factor falls; 0 keeps it at 1.

    Source:
        Isola et al. 2017, doi 10.1109/CVPR.2017.632, as in the authors' code
    """
    remaining = (steps - step + 1) / steps
    return min(1.0, remaining / decay_share) if decay_share else 1.0


@contextmanager
def scaled_rates(optimizer: Optimizer, factor: float) -> Iterator[None]:
    """Multiply the learning rates of `optimizer` by `factor` within the block."""
    rates = [group["lr"] for group in optimizer.param_groups]
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate * factor
    yield
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
