"""Select the weights that a run keeps, by a validation shared among its processes."""

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
        ssim: Mean SSIM of the best validation, or its step without validation cases.
        step: Step of the best validation; 0 before the first.
        due: Whether the last validation was aborted and must be repeated on resuming.
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
    """Mean scores of `weights` over the cases of all processes; None if any is asked to stop.

    Args:
        fabric: Fabric of the processes.
        validate: Function from weights to mean scores over this process's cases.
        weights: Weights for inference; all processes validate those of the first.
        cases: Number of this process's cases, possibly 0.
        interruption: Stop requests, which abort the validation.
    """
    if fabric.world_size > 1:
        # Batch statistics differ between processes; the first process's are kept.
        weights = {name: _from_first_process(tensor) for name, tensor in weights.items()}
    scores = interruption.abortable(partial(validate, weights)) if cases else {}
    if fabric.world_size == 1:
        return scores
    wait_for_all(fabric)
    gathered: list[tuple[Scores | None, int]] = [(None, 0)] * fabric.world_size
    distributed.all_gather_object(gathered, (scores, cases))
    if any(scores is None for scores, _ in gathered):
        return None
    return _weighted_means(cast("Sequence[tuple[Scores, int]]", gathered))


def _from_first_process(tensor: Tensor) -> Tensor:
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
