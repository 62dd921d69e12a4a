"""The loop: a method yields losses, this steps (decision 0005)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim import Optimizer

from crossvox.contract import Batch, SynthesisMethod
from crossvox.errors import InterruptedRunError, SettingsError
from crossvox.networks.recomputing import recompute_blocks
from crossvox.synthesis.compute import channels_last
from crossvox.training.average import MovingAverage
from crossvox.training.checkpoint import (
    Checkpoint,
    load_optimizer,
    newest_checkpoint,
    optimizer_tensors,
    save_checkpoint,
)
from crossvox.training.experiment import TrainingSettings
from crossvox.training.interruption import Interruption
from crossvox.training.patches import PatchSampler, Prefetched
from crossvox.training.progress import ProgressTable, Record
from crossvox.training.schedule import learning_rate_factor, scaled_rates

SEED_STRIDE = 1_000_003  # keeps seeds of different (seed, rank, step) apart
LARGEST_SEED = 2**63  # of torch
Report = Callable[[int, Mapping[str, float]], None]


@dataclass
class Best:
    """The best validation so far."""

    ssim: float = -1.0
    step: int = 0


@dataclass(kw_only=True)
class Run:
    """One training run in progress.

    Attributes:
        fabric: Launched.
        method: On its device, not yet wrapped.
        sampler: Gives each step's patches.
        settings: Planned.
        folder: The run's.
        validate: Scores the product's weights and says so by name; "ssim" decides. None where
            there is no one to validate on.
        keep: Stores the product's weights of a step as the run's synthesizer.
        report: Called with each row of progress.
        stepped: Called with the steps that are done, before the first and after each.
    """

    fabric: Fabric
    method: SynthesisMethod
    sampler: PatchSampler
    settings: TrainingSettings
    folder: Path
    validate: Callable[[Mapping[str, Tensor]], dict[str, float]] | None
    keep: Callable[[Mapping[str, Tensor], int], None]
    report: Report
    stepped: Callable[[int], None] = lambda _: None
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
        average = MovingAverage(self.method, decay=self.settings.ema or 0.0)
        step = self._resume(optimizers, average)
        steps = self.settings.steps or 0
        progress = ProgressTable(self.folder / "progress.csv", resumed_at=step)
        record = Record(self.fabric)
        pin = self.fabric.device.type == "cuda"
        with (
            Interruption() as interruption,
            Prefetched(self.sampler, parts=parts[0], of=parts[1], pin=pin) as prefetched,
        ):
            if step < steps:
                self._count(step)
            while step < steps:
                step += 1
                self._step(step, prefetched.batches(step), optimizers, record)
                average.update(step)
                self._count(step)
                row = record.take() if self._due(step, self.settings.report_every) else {}
                if self._due(step, self.settings.validate_every or steps):
                    row |= self._validate(step, average)
                if row:
                    self._tell(progress, step, row)
                stopping = interruption.agreed(self.fabric)
                if stopping or self._due(step, self.settings.checkpoint_every):
                    self._save(step, optimizers, average)
                if stopping:
                    raise InterruptedRunError(
                        f"stopped after step {step} of {steps}; the same command goes on from there"
                    )

    def timed_steps(self, count: int) -> Iterator[float]:
        """Seconds of each of `count` steps from the start; nothing is saved or reported.

        Raises:
            SettingsError: As `train`.
        """
        parts = self._parts()
        optimizers = self._set_up()
        average = MovingAverage(self.method, decay=self.settings.ema or 0.0)
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
        refuse_unequal_parts(self.settings, processes=world)
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
            step, steps=self.settings.steps or 1, decay_share=self.settings.decay_share
        )
        for index, batch in enumerate(batches):
            last = index == len(batches) - 1
            for objective in self.method.objectives(self._moved(batch)):
                network = getattr(self.method, objective.network)
                with self.fabric.no_backward_sync(network, enabled=not last):
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

    def _validate(self, step: int, average: MovingAverage) -> dict[str, float]:
        scores: dict[str, float] = {}
        weights = average.product()
        if self.fabric.is_global_zero:
            scores = self.validate(weights) if self.validate else {}
            if scores.get("ssim", float(step)) > self.best.ssim:
                self.best.ssim, self.best.step = scores.get("ssim", float(step)), step
                self.keep(weights, step)
        self.fabric.barrier()
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
        if self.fabric.is_global_zero:
            progress.add(step, row)
            self.report(step, row)

    def _save(self, step: int, optimizers: Mapping[str, Optimizer], average: MovingAverage) -> None:
        if self.fabric.is_global_zero:
            tensors = {**self.method.state_dict(), **average.tensors()}
            for name, optimizer in optimizers.items():
                tensors.update(optimizer_tensors(optimizer, name=name))
            facts = {"best_ssim": self.best.ssim, "best_step": self.best.step}
            save_checkpoint(
                self.folder / "checkpoint", Checkpoint(step=step, tensors=tensors, facts=facts)
            )
        self.fabric.barrier()

    def _resume(self, optimizers: Mapping[str, Optimizer], average: MovingAverage) -> int:
        checkpoint = newest_checkpoint(self.folder / "checkpoint")
        if checkpoint is None:
            return 0
        # Loaded one by one: the names of wrapped networks are not those they are saved under.
        names = [name for name, _ in self.method.named_children()]
        self.method.load_networks(checkpoint.tensors, names=names)
        average.load(checkpoint.tensors)
        for name, optimizer in optimizers.items():
            load_optimizer(optimizer, checkpoint.tensors, name=name)
        self.best = Best(**{name.removeprefix("best_"): v for name, v in checkpoint.facts.items()})
        return checkpoint.step


def refuse_unequal_parts(settings: TrainingSettings, *, processes: int = 1) -> None:
    """Every process, and every part of its gradients, gets as much of a batch.

    Raises:
        SettingsError: The batch is not a multiple of them.
    """
    parts = processes * settings.accumulate
    if settings.batch and settings.batch % parts:
        raise SettingsError(
            f"training.batch {settings.batch} is not shared equally by {processes} process(es) of"
            f" {settings.accumulate} part(s); set it to a multiple of {parts}"
        )
