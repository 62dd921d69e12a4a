"""Method of two scalings that trains instantly, and records of its runs."""

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from crossvox.contract import Batch, Noise, Objective, SynthesisMethod

DEFAULTS = {
    "cohort.source": ["FLAIR"],
    "cohort.target": "T1w",
    "training.batch": 2,
    "training.checkpoint_every": 2,
    "training.validate_every": 2,
    "training.report_every": 3,
    "training.patch": [4, 4, 4],
    "training.ema": 0.0,
}


STOPPED = -1.0  # score of a validation that is preceded by a request to stop


class Pair(SynthesisMethod):
    """Two scalings that record the weight of the first, which reveals the order of steps."""

    product: ClassVar[tuple[str, ...]] = ("second",)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv3d(1, 1, 1)
        self.second = nn.Conv3d(1, 1, 1)
        self.seen: list[float] = []
        self.noise: list[float] = []

    def optimizers(self) -> dict[str, Optimizer]:
        """Plain gradient descent, whose steps are easy to predict."""
        return {name: SGD(getattr(self, name).parameters(), lr=0.1) for name in ("first", "second")}

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """Squared distance of each scaling to the target."""
        self.noise.append(float(torch.rand(())))
        self.seen.append(_weight(self.first))
        yield Objective(network="first", loss=_distance(self.first, batch))
        self.seen.append(_weight(self.first))
        yield Objective(network="second", loss=_distance(self.second, batch))

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - the contract's
        """Apply the second scaling."""
        synthesized: Tensor = self.second(source)
        return synthesized


def _weight(network: nn.Module) -> float:
    return float(next(network.parameters()).detach().flatten()[0])


def _distance(network: nn.Module, batch: Batch) -> Tensor:
    distance: Tensor = (network(batch.source) - batch.target).square().mean()
    return distance


class Kept:
    """Checkpoints and rows received from the training engine."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.rows: list[int] = []

    def keep(self, weights: Mapping[str, Tensor], step: int) -> None:
        """Record a checkpoint, which must hold the product's weights alone."""
        assert set(weights) == {"second.weight", "second.bias"}
        self.steps.append(step)

    def report(self, step: int, row: Mapping[str, float]) -> None:  # noqa: ARG002 - the engine's
        """Record a row of progress."""
        self.rows.append(step)


def weights_of(method: Pair) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in method.parameters()]


def table_of(folder: Path) -> list[dict[str, str]]:
    """Rows of progress.csv without the columns that depend on time."""
    with (folder / "progress.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if "seconds" not in name} for row in rows]


Train = Callable[..., tuple[Pair, Kept]]
