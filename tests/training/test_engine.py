"""The loop: a method yields losses, the engine steps."""

import csv
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, distributed, nn
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.optim import SGD, Optimizer

from crossvox.contract import Batch, Noise, Objective, SynthesisMethod
from crossvox.errors import InterruptedRunError, SettingsError
from crossvox.training.checkpoint import newest_checkpoint
from crossvox.training.engine import Run
from crossvox.training.experiment import read_experiment
from crossvox.training.patches import PatchSampler
from crossvox.training.prepared import STEPS_PER_UNIT, PreparedCase

DEFAULTS = {
    "cohort.source": ["FLAIR"],
    "cohort.target": "T1w",
    "training.batch": 2,
    "training.checkpoint_every": 2,
    "training.validate_every": 2,
    "training.report_every": 3,
}


STOPPED = -1.0  # a score before which the run is asked to stop


class Pair(SynthesisMethod):
    """Two scalings; the second's loss looks at the first, so the order of steps shows."""

    product: ClassVar[tuple[str, ...]] = ("second",)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv3d(1, 1, 1)
        self.second = nn.Conv3d(1, 1, 1)
        self.seen: list[float] = []
        self.noise: list[float] = []

    def optimizers(self) -> dict[str, Optimizer]:
        """Plain gradient descent, whose steps are easily told."""
        return {name: SGD(getattr(self, name).parameters(), lr=0.1) for name in ("first", "second")}

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """Squared distance of each to the target."""
        self.noise.append(float(torch.rand(())))
        self.seen.append(_weight(self.first))
        yield Objective(network="first", loss=_distance(self.first, batch))
        self.seen.append(_weight(self.first))
        yield Objective(network="second", loss=_distance(self.second, batch))

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - the contract's
        """The second scaling."""
        synthesized: Tensor = self.second(source)
        return synthesized


class Diverging(Pair):
    """Losses whose gradients are no numbers from the second step on."""

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """As in a pair, times infinity."""
        for objective in super().objectives(batch):
            factor = float("inf") if len(self.noise) > 1 else 1.0
            yield Objective(network=objective.network, loss=objective.loss * factor)


def _weight(network: nn.Module) -> float:
    return float(next(network.parameters()).detach().flatten()[0])


def _distance(network: nn.Module, batch: Batch) -> Tensor:
    distance: Tensor = (network(batch.source) - batch.target).square().mean()
    return distance


class Kept:
    """What the engine stored and told."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.rows: list[int] = []

    def keep(self, weights: Mapping[str, Tensor], step: int) -> None:
        """Weights of the product alone are stored."""
        assert set(weights) == {"second.weight", "second.bias"}
        self.steps.append(step)

    def report(self, step: int, row: Mapping[str, float]) -> None:  # noqa: ARG002 - the engine's
        """A row is told."""
        self.rows.append(step)


Train = Callable[..., tuple[Pair, Kept]]


@pytest.fixture
def sampler(tmp_path: Path) -> PatchSampler:
    random = np.random.default_rng(0)
    cases = []
    for name in "abc":
        voxels = random.integers(-STEPS_PER_UNIT, STEPS_PER_UNIT, (3, 4, 4, 4)).astype(np.int16)
        voxels[-1] = 1
        np.save(tmp_path / f"{name}.npy", voxels)
        cases.append(PreparedCase(name=name, path=tmp_path / f"{name}.npy"))
    return PatchSampler(cases=cases, patch=(4, 4, 4), batch=2, flip_share=0.5, seed=0)


@pytest.fixture
def train(sampler: PatchSampler, tmp_path: Path) -> Train:
    """A run in a folder, with changes of its training; `scores` are what validation says."""

    def run(
        folder: str,
        *changes: str,
        scores: list[float] | None = None,
        kind: type[Pair] = Pair,
        lost: bool = False,
    ) -> tuple[Pair, Kept]:
        told, kept, method = iter(scores or ()), Kept(), kind()
        fabric = Fabric(accelerator="cpu", devices=1)
        fabric.launch()

        def score() -> float:
            following = next(told)
            if following == STOPPED:
                os.kill(os.getpid(), signal.SIGTERM)
            return following

        asked = [f"training.{change}" for change in changes]
        Run(
            fabric=fabric,
            method=method,
            sampler=sampler,
            settings=read_experiment(None, defaults=DEFAULTS, changes=asked).training,
            folder=tmp_path / folder,
            validate=None if scores is None else lambda _: {"ssim": score()},
            keep=kept.keep,
            report=kept.report,
            is_kept=lambda: not lost,
        ).train()
        return method, kept

    return run


def weights_of(method: Pair) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in method.parameters()]


def test_a_network_has_stepped_before_the_next_line_of_the_method_runs(
    train: Train,
) -> None:
    method, _ = train("run", "steps=1")
    before, after = method.seen
    assert before != after


def test_every_step_has_randomness_of_its_own_that_a_resumed_run_repeats(
    train: Train,
) -> None:
    through, _ = train("through", "steps=4")
    assert len(set(through.noise)) == 4
    train("resumed", "steps=2")
    resumed, _ = train("resumed", "steps=4")
    assert resumed.noise == through.noise[2:]
    other, _ = train("other", "steps=4", "seed=1")
    assert set(other.noise).isdisjoint(through.noise)


def test_accumulated_parts_are_one_step_of_the_whole_batch(
    train: Train,
) -> None:
    whole, _ = train("whole", "steps=3")
    parts, _ = train("parts", "steps=3", "accumulate=2")
    for one, other in zip(weights_of(whole), weights_of(parts), strict=True):
        # sums in another order
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def test_a_batch_that_parts_cannot_share_equally_is_refused(train: Train, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="a multiple of 3"):
        train("run", "steps=1", "accumulate=3")
    assert not (tmp_path / "run").exists()


def test_clipping_bounds_how_far_a_step_goes(train: Train) -> None:
    start = weights_of(Pair())
    clipped, _ = train("clipped", "steps=1", "clip=1e-3")
    moved = [one - other for one, other in zip(weights_of(clipped), start, strict=True)]
    first, second = torch.cat([m.flatten() for m in moved]).reshape(2, 2)
    for network in (first, second):
        # learning rate 0.1 times a gradient of norm 1e-3
        assert float(network.norm()) == pytest.approx(1e-4, rel=1e-2)


def test_gradients_that_are_no_numbers_stop_the_run_before_they_reach_the_weights(
    train: Train, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="a gradient is no longer a number"):
        train("run", "steps=4", "checkpoint_every=1", "clip=1.0", kind=Diverging)
    newest = newest_checkpoint(tmp_path / "run/checkpoint")
    assert newest is not None
    assert newest.step == 1
    assert all(torch.isfinite(tensor).all() for tensor in newest.tensors.values())


def test_learning_rates_fall_to_the_end_and_are_the_methods_own_before(
    train: Train,
) -> None:
    constant, _ = train("constant", "steps=2")
    falling, _ = train("falling", "steps=2", "decay_share=1.0")
    assert constant.seen[:2] == falling.seen[:2]  # the first step is whole
    assert constant.seen[3] != falling.seen[3]  # the second is half as long
    whole, half = (m.seen[3] - m.seen[2] for m in (constant, falling))
    assert half == pytest.approx(whole / 2, rel=1e-3)


def test_the_best_weights_are_kept_and_worse_ones_are_not(
    train: Train,
) -> None:
    _, kept = train("run", "steps=8", scores=[0.5, 0.4, 0.6, 0.6])
    assert kept.steps == [2, 6]


def test_the_best_is_remembered_across_runs(train: Train) -> None:
    train("run", "steps=4", scores=[0.5, 0.8])
    _, kept = train("run", "steps=8", scores=[0.7, 0.9])
    assert kept.steps == [8]


def test_without_anyone_to_validate_on_the_latest_weights_are_kept(
    train: Train,
) -> None:
    _, kept = train("run", "steps=5")
    assert kept.steps == [2, 4, 5]


def test_the_last_step_is_told_validated_and_saved_whatever_the_intervals(
    train: Train, tmp_path: Path
) -> None:
    _, kept = train(
        "run", "steps=5", "checkpoint_every=100", "validate_every=100", "report_every=100"
    )
    assert kept.rows == [5]
    assert kept.steps == [5]
    newest = newest_checkpoint(tmp_path / "run/checkpoint")
    assert newest is not None
    assert newest.step == 5


def table_of(folder: Path) -> list[dict[str, str]]:
    """The rows of progress, without what the clock says."""
    with (folder / "progress.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if "seconds" not in name} for row in rows]


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5])
def test_the_rows_of_a_run_that_was_stopped_are_those_of_one_that_was_not(
    train: Train, tmp_path: Path, stop: int
) -> None:
    changes = ("report_every=5", "steps=10", "validate_every=100", "checkpoint_every=1")
    train("through", *changes)

    class Stopping(Pair):
        """Asks to stop in a step."""

        def objectives(self, batch: Batch) -> Iterator[Objective]:
            yield from super().objectives(batch)
            if len(self.noise) == stop:
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(InterruptedRunError, match=f"step {stop} of 10"):
        train("stopped", *changes, kind=Stopping)
    train("stopped", *changes)
    assert table_of(tmp_path / "stopped") == table_of(tmp_path / "through")


@pytest.mark.parametrize("stopped_in", [1, 2])
def test_a_validation_that_was_given_up_is_made_up_for(
    train: Train, tmp_path: Path, stopped_in: int
) -> None:
    scores = [0.5, 0.8]
    through, kept = train("through", "steps=4", scores=scores)
    before, after = scores[: stopped_in - 1], scores[stopped_in - 1 :]
    with pytest.raises(InterruptedRunError, match=f"step {2 * stopped_in} of 4"):
        train("stopped", "steps=4", scores=[*before, STOPPED])
    resumed, kept_after = train("stopped", "steps=4", scores=after)
    assert kept_after.steps == kept.steps[stopped_in - 1 :]
    assert table_of(tmp_path / "stopped") == table_of(tmp_path / "through")
    for one, other in zip(weights_of(resumed), weights_of(through), strict=True):
        assert torch.equal(one, other)
    _, again = train("stopped", "steps=4", scores=[])  # nothing is due any more
    assert again.steps == []


def test_a_run_whose_kept_weights_are_lost_keeps_its_present_ones(train: Train) -> None:
    train("run", "steps=4", scores=[0.9, 0.5])
    _, kept = train("run", "steps=6", scores=[0.5, 0.7], lost=True)
    assert kept.steps == [4, 6]


class Counting(Pair):
    """Counts how often gradients are exchanged among processes."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges = 0

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """As in a pair."""
        if not self.noise:
            for network in (self.first, self.second):
                network._forward_module.register_comm_hook(self, exchange)
        yield from super().objectives(batch)


def exchange(counting: Counting, bucket: distributed.GradBucket) -> torch.futures.Future[Tensor]:
    """What DistributedDataParallel does by itself, counted."""
    counting.exchanges += 1
    return allreduce_hook(None, bucket)  # type: ignore[arg-type]  # the default group


def test_parts_of_a_step_exchange_the_gradients_of_each_network_once(
    sampler: PatchSampler, tmp_path: Path
) -> None:
    fabric = Fabric(accelerator="cpu", devices=1, strategy="ddp")
    fabric.launch()
    method, kept = Counting(), Kept()
    changes = ("training.steps=3", "training.batch=4", "training.accumulate=4")
    try:
        Run(
            fabric=fabric,
            method=method,
            sampler=replace(sampler, batch=4),
            settings=read_experiment(None, defaults=DEFAULTS, changes=changes).training,
            folder=tmp_path / "run",
            validate=None,
            keep=kept.keep,
            report=kept.report,
        ).train()
    finally:
        distributed.destroy_process_group()
    assert method.exchanges == 3 * 2  # steps times networks
