"""How learning rates change over a run."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch.optim import Optimizer


def learning_rate_factor(step: int, *, steps: int, decay_share: float) -> float:
    """What learning rates are multiplied by at `step` (from 1): 1, then linearly towards 0.

    Args:
        step: The one about to be made.
        steps: Of the whole run.
        decay_share: Share of the run, at its end, over which they fall; 0 is never.

    Source:
        Isola et al. 2017, doi 10.1109/CVPR.2017.632, as its authors trained it
    """
    left = (steps - step + 1) / steps
    return min(1.0, left / decay_share) if decay_share else 1.0


@contextmanager
def scaled_rates(optimizer: Optimizer, factor: float) -> Iterator[None]:
    """`optimizer` with its learning rates multiplied by `factor`, for one step."""
    rates = [group["lr"] for group in optimizer.param_groups]
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate * factor
    yield
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
