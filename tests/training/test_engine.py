"""The loop: a method yields losses, the engine steps."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, distributed
from torch._C._distributed_c10d import GradBucket
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.nn.parallel import DistributedDataParallel

from crossvox.contract import Batch, Objective
from crossvox.errors import SettingsError
from crossvox.training.checkpoint import newest_checkpoint
from crossvox.training.engine import Run
from crossvox.training.experiment import read_experiment
from crossvox.training.patches import PatchSampler
from crossvox.training.planned import planned_training
from scalings import DEFAULTS, Kept, Pair, Train, weights_of


class Diverging(Pair):
    """Losses whose gradients are no numbers from the second step on."""

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """As in a pair, times infinity."""
        for objective in super().objectives(batch):
            factor = float("inf") if len(self.noise) > 1 else 1.0
            yield Objective(network=objective.network, loss=objective.loss * factor)


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


def test_each_process_draws_noise_of_its_own(sampler: PatchSampler, tmp_path: Path) -> None:
    settings = planned_training(
        read_experiment(None, defaults=DEFAULTS, changes=("training.steps=1",)).training
    )
    drawn = []
    for rank in (0, 1, 0):
        run = Run(
            fabric=SimpleNamespace(global_rank=rank),  # type: ignore[arg-type]  # its number alone
            method=Pair(),
            sampler=sampler,
            settings=settings,
            folder=tmp_path,
            validate=None,
            save_weights=lambda _weights, _step: None,
            report=lambda _step, _row: None,
        )
        run._seed(3)
        drawn.append(float(torch.rand(())))
    assert drawn[0] != drawn[1]
    assert drawn[0] == drawn[2]


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
    with pytest.raises(SettingsError, match="a gradient is not finite"):
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


class Counting(Pair):
    """Counts how often gradients are exchanged among processes."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges = 0

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """As in a pair."""
        if not self.noise:
            for network in self.modules():
                if isinstance(network, DistributedDataParallel):
                    network.register_comm_hook(self, exchange)
        yield from super().objectives(batch)


def exchange(counting: Counting, bucket: GradBucket) -> torch.futures.Future[Tensor]:
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
            settings=planned_training(
                read_experiment(None, defaults=DEFAULTS, changes=changes).training
            ),
            folder=tmp_path / "run",
            validate=None,
            save_weights=kept.keep,
            report=kept.report,
        ).train()
    finally:
        distributed.destroy_process_group()
    assert method.exchanges == 3 * 2  # steps times networks
