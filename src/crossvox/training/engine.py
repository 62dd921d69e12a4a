"""Training loop: a method yields losses, the loop updates its networks (decision 0005)."""

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
from crossvox.training.best_weights import Best, Validate, shared_scores
from crossvox.training.checkpoint import (
    Checkpoint,
    load_optimizer,
    newest_checkpoint,
    optimizer_tensors,
    save_checkpoint,
)
from crossvox.training.interruption import Interruption
from crossvox.training.patches import PatchSampler, Prefetched
from crossvox.training.planned import PlannedTraining
from crossvox.training.processes import wait_for_all
from crossvox.training.progress import ProgressTable, Record
from crossvox.training.schedule import learning_rate_factor, scaled_rates

SEED_STRIDE = 1_000_003  # keeps seeds of different (seed, rank, step) apart
SEED_LIMIT = 2**63  # torch accepts no larger seed
Report = Callable[[int, Mapping[str, float]], None]


@dataclass(kw_only=True)
class Run:
    """A training run in progress.

    Attributes:
        fabric: Launched Fabric.
        method: Method whose networks are not yet wrapped by Fabric.
        sampler: Sampler of each step's patches.
        settings: Training settings after planning.
        folder: Path of the run's folder.
        validate: Function from weights for inference to scores by name on this process's share
            of the validation cases; "ssim" selects the best. None without validation cases.
        save_weights: Function that stores weights and their step as the run's synthesizer.
        report: Function called with the step and each row of progress.
        on_step: Function called with the number of steps done, before the first and after each.
        cases: Number of validation cases of this process.
        holds_weights: Function that returns whether the weights stored last still exist.
        best: Best validation so far.
    """

    fabric: Fabric
    method: SynthesisMethod
    sampler: PatchSampler
    settings: PlannedTraining
    folder: Path
    validate: Validate | None
    save_weights: Callable[[Mapping[str, Tensor], int], None]
    report: Report
    on_step: Callable[[int], None] = lambda _: None
    cases: int = 1
    holds_weights: Callable[[], bool] = lambda: True
    best: Best = field(default_factory=Best)

    def train(self) -> None:
        """Train from the newest checkpoint, or from the start, to the last step.

        Raises:
            SettingsError: A batch cannot be divided equally, or training diverges.
            InterruptedRunError: The process was asked to stop; everything is saved.
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
                self._report_row(progress, step, self._validate(step, average, interruption))
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
                self._report_row(progress, step, row)
                stopping = interruption.agreed(self.fabric)
                if stopping or self._due(step, self.settings.checkpoint_every):
                    self._save(step, optimizers, average, record)
                if stopping:
                    self._leave_if(interruption, step)

    def timed_steps(self, count: int) -> Iterator[float]:
        """Seconds of each of the first `count` steps, run without saving or reporting.

        Raises:
            SettingsError: A batch cannot be divided equally, or training diverges.
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
        """Indices of this process's parts of each batch, and the number of parts overall."""
        world, parts = self.fabric.world_size, self.settings.accumulate
        refuse_unequal_parts(self.settings.batch, accumulate=parts, processes=world)
        first = self.fabric.global_rank * parts
        return list(range(first, first + parts)), world * parts

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
                # DDP decides in the forward pass whether gradients are synchronized.
                for network in () if last else self.method.children():
                    alone.enter_context(self.fabric.no_backward_sync(network))  # type: ignore[arg-type]  # wrapped by `setup_module`
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
                "training diverged: a gradient is not finite; lower method.learning_rate or set"
                " training.precision=32-true, then start again with --fresh"
            ) from None

    def _validate(
        self, step: int, average: MovingAverage, interruption: Interruption
    ) -> dict[str, float]:
        """Validate the current weights and keep the best; empty if the validation is aborted."""
        weights = average.product()
        scores: dict[str, float] | None = {}
        if self.validate:
            scores = shared_scores(
                self.fabric, self.validate, weights, cases=self.cases, interruption=interruption
            )
        self.best.due = scores is None
        if scores is None:
            return {}
        ssim = scores.get("ssim", float(step))
        if ssim > self.best.ssim:
            self.best.ssim, self.best.step = ssim, step
            if self.fabric.is_global_zero:
                self.save_weights(weights, step)
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
        torch.manual_seed(place % SEED_LIMIT)

    def _due(self, step: int, every: int) -> bool:
        return step % every == 0 or step == self.settings.steps

    def _count(self, step: int) -> None:
        if self.fabric.is_global_zero:
            self.on_step(step)

    def _report_row(self, progress: ProgressTable, step: int, row: Mapping[str, float]) -> None:
        if row and self.fabric.is_global_zero:
            progress.add(step, row)
            self.report(step, row)

    def _leave_if(self, interruption: Interruption, step: int) -> None:
        if interruption.agreed(self.fabric):
            raise InterruptedRunError(
                f"stopped after step {step} of {self.settings.steps}; repeat the command to resume"
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
        # Networks are loaded individually: Fabric's wrappers change the names of their tensors.
        names = [name for name, _ in self.method.named_children()]
        self.method.load_networks(checkpoint.tensors, names=names)
        average.load(checkpoint.tensors)
        for name, optimizer in optimizers.items():
            load_optimizer(optimizer, checkpoint.tensors, name=name)
        record.load(checkpoint.facts.get("record", {}))
        self.best = Best(**checkpoint.facts.get("best", {}))
        if self.best.step and not self.fabric.broadcast(self.holds_weights()):
            self.best = Best(due=True)  # the best weights are lost: validate the current ones
        return checkpoint.step


def refuse_unequal_parts(batch: int, *, accumulate: int, processes: int = 1) -> None:
    """Check that a batch divides equally among processes and accumulated parts.

    Raises:
        SettingsError: The batch is not a multiple of processes x parts.
    """
    parts = processes * accumulate
    if batch % parts:
        raise SettingsError(
            f"training.batch {batch} cannot be divided equally among {processes} process(es) with"
            f" {accumulate} part(s) each; set it to a multiple of {parts}"
        )
