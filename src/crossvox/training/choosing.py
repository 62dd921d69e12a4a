"""Which weights a run keeps: the best by a validation whose cases its processes share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from lightning_fabric import Fabric
from torch import Tensor, distributed

from crossvox.training.interruption import Interruption
from crossvox.training.processes import wait_for_all

Scores = dict[str, float]
Validate = Callable[[Mapping[str, Tensor]], Scores]


@dataclass
class Best:
    """The best validation so far.

    Attributes:
        ssim: Its score.
        step: When it was.
        due: Whether the validation of the last step was given up and is to be made up for.
    """

    ssim: float = -1.0
    step: int = 0
    due: bool = False


def shared_scores(
    fabric: Fabric,
    validate: Validate,
    weights: Mapping[str, Tensor],
    *,
    cases: int,
    interruption: Interruption,
) -> Scores | None:
    """Mean scores of `weights` over the cases of all processes; None where one is to stop.

    Args:
        fabric: Of the processes.
        validate: Mean scores over this process's cases.
        weights: The first process's count for all.
        cases: How many this process has; it may have none.
        interruption: Gives the work up when this process is asked to stop.
    """
    if fabric.world_size > 1:
        # Each process has statistics of its own parts; those of the first are kept.
        weights = {name: _of_the_first(tensor) for name, tensor in weights.items()}
    scores = interruption.unless_asked(partial(validate, weights)) if cases else {}
    if fabric.world_size == 1:
        return scores
    wait_for_all(fabric)
    gathered: list[tuple[Scores | None, int]] = [(None, 0)] * fabric.world_size
    distributed.all_gather_object(gathered, (scores, cases))
    if any(scores is None for scores, _ in gathered):
        return None
    return _weighted_means(cast("Sequence[tuple[Scores, int]]", gathered))


def _of_the_first(tensor: Tensor) -> Tensor:
    shared = tensor.detach().clone()
    distributed.broadcast(shared, src=0)
    return shared


def _weighted_means(shares: Sequence[tuple[Scores, int]]) -> Scores:
    total = sum(cases for _, cases in shares)
    names = dict.fromkeys(name for scores, _ in shares for name in scores)
    return {
        name: sum(scores[name] * cases for scores, cases in shares if cases) / total
        for name in names
    }
