"""The loop: a method yields losses, this steps (decision 0005)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim import Optimizer

from crossvox.acceleration.compute import channels_last
from crossvox.acceleration.training import rewrite_for_training
from crossvox.contract import Batch, SynthesisMethod
from crossvox.errors import InterruptedRunError, SettingsError
from crossvox.networks.recomputing import recompute_blocks
from crossvox.training.average import MovingAverage
from crossvox.training.checkpoint import (
    Checkpoint,
    load_optimizer,
    newest_checkpoint,
    optimizer_tensors,
    save_checkpoint,
)
from crossvox.training.choosing import Best, Validate, shared_scores
from crossvox.training.interruption import Interruption
from crossvox.training.patches import PatchSampler, Prefetched
from crossvox.training.planned import PlannedTraining
from crossvox.training.processes import wait_for_all
from crossvox.training.progress import ProgressTable, Record
from crossvox.training.schedule import learning_rate_factor, scaled_rates

SEED_STRIDE = 1_000_003  # keeps seeds of different (seed, rank, step) apart
LARGEST_SEED = 2**63  # of torch
Report = Callable[[int, Mapping[str, float]], None]


@dataclass(kw_only=True)
class Run:
    """One training run in progress.

    Attributes:
        fabric: Launched.
        method: On its device, not yet wrapped.
        sampler: Gives each step's patches.
        settings: Settings with nothing open.
        folder: The run's.
        validate: Scores the product's weights on this process's share of the cases, by name;
            "ssim" decides. None where there is no one to validate on.
        keep: Stores the product's weights of a step as the run's synthesizer.
        report: Called with each row of progress.
        stepped: Called with the steps that are done, before the first and after each.
        share: How many of the cases for validation this process has.
        is_kept: Whether what `keep` stored is still there.
    """

    fabric: Fabric
    method: SynthesisMethod
    sampler: PatchSampler
    settings: PlannedTraining
    folder: Path
    validate: Validate | None
    keep: Callable[[Mapping[str, Tensor], int], None]
    report: Report
    stepped: Callable[[int], None] = lambda _: None
    share: int = 1
    is_kept: Callable[[], bool] = lambda: True
    best: Best = field(default_factory=Best)

    def train(self) -> None:
        """From the newest checkpoint, or from the start, to the last step.

        Raises:
            SettingsError: A batch cannot be shared equally among processes and parts, or the
                training diverges.
            InterruptedRunError: Asked to stop; everything is saved.
        """
        parts = self._parts()
        optimizers = self._set_up()
        average = MovingAverage(self.method, decay=self.settings.ema)
        record = Record(self.fabric)
        step = self._resume(optimizers, average, record)
        steps = self.settings.steps
        progress = ProgressTable(self.folder / "progress.csv", resumed_at=step)
        pin = self.fabric.device.type == "cuda"
        with (
            Interruption() as interruption,
            Prefetched(self.sampler, parts=parts[0], of=parts[1], pin=pin) as prefetched,
        ):
            if step < steps:
                self._count(step)
            if self.best.due:
                self._tell(progress, step, self._validate(step, average, interruption))
                self._save(step, optimizers, average, record)
                self._leave_if(interruption, step)
            while step < steps:
                step += 1
                self._step(step, prefetched.batches(step), optimizers, record)
                average.update(step)
                self._count(step)
                row = record.take() if self._due(step, self.settings.report_every) else {}
                if self._due(step, self.settings.validate_every):
                    record.pause()
                    row |= self._validate(step, average, interruption)
                self._tell(progress, step, row)
                stopping = interruption.agreed(self.fabric)
                if stopping or self._due(step, self.settings.checkpoint_every):
                    self._save(step, optimizers, average, record)
                if stopping:
                    self._leave_if(interruption, step)

    def timed_steps(self, count: int) -> Iterator[float]:
        """Seconds of each of `count` steps from the start; nothing is saved or reported.

        Raises:
            SettingsError: As `train`.
        """
        parts = self._parts()
        optimizers = self._set_up()
        average = MovingAverage(self.method, decay=self.settings.ema)
        record = Record(self.fabric)
        pin = self.fabric.device.type == "cuda"
        with Prefetched(self.sampler, parts=parts[0], of=parts[1], pin=pin) as prefetched:
            for step in range(1, count + 1):
                start = perf_counter()
                self._step(step, prefetched.batches(step), optimizers, record)
                average.update(step)
                if pin:
                    torch.cuda.synchronize()
                yield perf_counter() - start

    def _set_up(self) -> dict[str, Optimizer]:
        self.method.to(self.fabric.device).train()
        rewrite_for_training(self.method, device=self.fabric.device.type)
        channels_last(self.method)
        if self.settings.recompute == "blocks":
            recompute_blocks(self.method)
        optimizers = self.method.optimizers()
        for name, child in list(self.method.named_children()):
            setattr(self.method, name, self.fabric.setup_module(child))
        return {
            name: cast("Optimizer", self.fabric.setup_optimizers(optimizer))
            for name, optimizer in optimizers.items()
        }

    def _parts(self) -> tuple[list[int], int]:
        """Which parts of each batch this process learns from, of how many."""
        world, each = self.fabric.world_size, self.settings.accumulate
        refuse_unequal_parts(self.settings.batch, accumulate=each, processes=world)
        return [self.fabric.global_rank * each + part for part in range(each)], world * each

    def _step(
        self,
        step: int,
        batches: list[Batch],
        optimizers: Mapping[str, Optimizer],
        record: Record,
    ) -> None:
        self._seed(step)
        record.begin_step()
        factor = learning_rate_factor(
            step, steps=self.settings.steps, decay_share=self.settings.decay_share
        )
        for index, batch in enumerate(batches):
            last = index == len(batches) - 1
            with ExitStack() as alone:
                # A forward pass decides whether its backward pass is shared, for every network.
                for network in () if last else self.method.children():
                    alone.enter_context(self.fabric.no_backward_sync(network))  # type: ignore[arg-type]  # `setup_module` wrapped them
                for objective in self.method.objectives(self._moved(batch)):
                    network = getattr(self.method, objective.network)
                    self.fabric.backward(objective.loss / len(batches))
                    record.note(objective, parts=len(batches))
                    if last:
                        self._update(network, optimizers[objective.network], factor)

    def _update(self, network: torch.nn.Module, optimizer: Optimizer, factor: float) -> None:
        if self.settings.clip:
            self._clip(network, optimizer)
        with scaled_rates(optimizer, factor):
            optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def _clip(self, network: torch.nn.Module, optimizer: Optimizer) -> None:
        try:
            self.fabric.clip_gradients(network, optimizer, max_norm=self.settings.clip)
        except RuntimeError as error:
            if "non-finite" not in str(error):
                raise
            raise SettingsError(
                "training diverged: a gradient is no longer a number; lower method.learning_rate,"
                " or set training.precision=32-true, and start again with --fresh"
            ) from None

    def _validate(
        self, step: int, average: MovingAverage, interruption: Interruption
    ) -> dict[str, float]:
        """Scores of the weights now, which are kept if they are the best; nothing if given up."""
        weights = average.product()
        scores: dict[str, float] | None = {}
        if self.validate:
            scores = shared_scores(
                self.fabric, self.validate, weights, cases=self.share, interruption=interruption
            )
        self.best.due = scores is None
        if scores is None:
            return {}
        ssim = scores.get("ssim", float(step))
        if ssim > self.best.ssim:
            self.best.ssim, self.best.step = ssim, step
            if self.fabric.is_global_zero:
                self.keep(weights, step)
        wait_for_all(self.fabric)
        return scores

    def _moved(self, batch: Batch) -> Batch:
        device = self.fabric.device
        order = torch.channels_last_3d
        return Batch(
            source=batch.source.to(device, non_blocking=True, memory_format=order),
            target=batch.target.to(device, non_blocking=True, memory_format=order),
            mask=batch.mask.to(device, non_blocking=True),
        )

    def _seed(self, step: int) -> None:
        place = (self.settings.seed * SEED_STRIDE + self.fabric.global_rank) * SEED_STRIDE + step
        torch.manual_seed(place % LARGEST_SEED)

    def _due(self, step: int, every: int) -> bool:
        return step % every == 0 or step == self.settings.steps

    def _count(self, step: int) -> None:
        if self.fabric.is_global_zero:
            self.stepped(step)

    def _tell(self, progress: ProgressTable, step: int, row: Mapping[str, float]) -> None:
        if row and self.fabric.is_global_zero:
            progress.add(step, row)
            self.report(step, row)

    def _leave_if(self, interruption: Interruption, step: int) -> None:
        if interruption.agreed(self.fabric):
            raise InterruptedRunError(
                f"stopped after step {step} of {self.settings.steps}; the same command goes on"
                " from there"
            )

    def _save(
        self,
        step: int,
        optimizers: Mapping[str, Optimizer],
        average: MovingAverage,
        record: Record,
    ) -> None:
        state = record.state()
        if self.fabric.is_global_zero:
            tensors = {**self.method.state_dict(), **average.tensors()}
            for name, optimizer in optimizers.items():
                tensors.update(optimizer_tensors(optimizer, name=name))
            facts = {"best": asdict(self.best), "record": state}
            save_checkpoint(
                self.folder / "checkpoint", Checkpoint(step=step, tensors=tensors, facts=facts)
            )
        self.fabric.barrier()

    def _resume(
        self, optimizers: Mapping[str, Optimizer], average: MovingAverage, record: Record
    ) -> int:
        checkpoint = newest_checkpoint(self.folder / "checkpoint")
        if checkpoint is None:
            return 0
        # Loaded one by one: the names of wrapped networks are not those they are saved under.
        names = [name for name, _ in self.method.named_children()]
        self.method.load_networks(checkpoint.tensors, names=names)
        average.load(checkpoint.tensors)
        for name, optimizer in optimizers.items():
            load_optimizer(optimizer, checkpoint.tensors, name=name)
        record.load(checkpoint.facts.get("record", {}))
        self.best = Best(**checkpoint.facts.get("best", {}))
        if self.best.step and not self.fabric.broadcast(self.is_kept()):
            self.best = Best(due=True)  # those weights are lost: the present ones are the best
        return checkpoint.step


def refuse_unequal_parts(batch: int, *, accumulate: int, processes: int = 1) -> None:
    """Check that every process, and every part of its gradients, gets as much of a batch.

    Raises:
        SettingsError: The batch is not a multiple of them.
    """
    parts = processes * accumulate
    if batch % parts:
        raise SettingsError(
            f"training.batch {batch} is not shared equally by {processes} process(es) of"
            f" {accumulate} part(s); set it to a multiple of {parts}"
        )
