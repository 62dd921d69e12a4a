"""From a cohort and an experiment to a trained run."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor

from crossvox.cohort import SPLITS, Case, split_cohort
from crossvox.contract import SynthesisMethod
from crossvox.errors import CohortError, ResourceError, SettingsError
from crossvox.files.atomic import write_atomically
from crossvox.preparation.preparation import Preparation
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.compute import (
    Compute,
    compute_at_hand,
    free_memory_bytes,
    is_out_of_memory,
    keep_pages,
)
from crossvox.synthesis.store import save_synthesizer
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.training.budget import refuse_two_budgets, steps_within
from crossvox.training.engine import Run
from crossvox.training.experiment import Experiment, read_experiment, write_experiment
from crossvox.training.faults import CHECK, refuse_faults
from crossvox.training.listener import TrainingProgress
from crossvox.training.patch_plan import refuse_patch
from crossvox.training.patches import PatchSampler
from crossvox.training.plan import Plan, plan
from crossvox.training.plan_words import expectations, reasons, reasons_of_length
from crossvox.training.prepared import PreparedCase, fit_preparation, prepare_cohort
from crossvox.training.processes import launch
from crossvox.training.rerun import filled_from, refuse_other_settings
from crossvox.training.validation import validate

__all__ = ["Trained", "TrainingProgress", "train"]

EXPERIMENT, PREPARED = "experiment.toml", "prepared"
MADE = ("checkpoint", "synthesizer", "evaluation", PREPARED)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A finished run.

    Attributes:
        folder: The run's.
        experiment: As resolved.
        cases: With their splits.
        fabric: Of the processes that trained it.
    """

    folder: Path
    experiment: Experiment
    cases: tuple[Case, ...]
    fabric: Fabric


def train(
    cases: Sequence[Case],
    out: Path,
    experiment: Experiment,
    *,
    device: str | None = None,
    fresh: bool = False,
    progress: TrainingProgress,
) -> Trained:
    """Train `experiment` on a cohort, or go on where it stopped.

    Args:
        cases: Each with all modalities of the experiment.
        out: The run's folder: experiment.toml, checkpoint/, synthesizer/, progress.csv.
        experiment: What it leaves open is planned from the cohort and the memory at hand.
        device: "cpu" or "cuda"; the GPU where there is one, if None.
        fresh: Forget what is in `out` and start again.
        progress: Told what happens.

    Raises:
        CohortError: Too few cases, or pairs with faults.
        SettingsError: `out` holds a run of other settings.
        ResourceError: A step does not fit in memory, or the disk is full.
        InterruptedRunError: Asked to stop; everything is saved.
    """
    keep_pages()
    compute = compute_at_hand(device=device, precise=experiment.training.precision == "32-true")
    refuse_patch(experiment, compute=compute, free_bytes=free_memory_bytes(compute.device))
    fabric = launch(compute, precision=_precision(experiment, compute))
    if fresh and fabric.is_global_zero:
        _forget(out)
    fabric.barrier()
    split = _split(cases, experiment)
    learned = [case for case in split if case.split == "train"]
    with fabric.rank_zero_first():
        planned = _resolved(experiment, split, out, compute=compute, progress=progress)
        experiment = planned.experiment
        preparation = fit_preparation(experiment, learned, out / PREPARED, progress=progress.stage)
        used = [case for case in split if case.split in ("train", "validation")]
        prepared = prepare_cohort(preparation, used, out / PREPARED, progress=progress.stage)
    held_out = [one for one, case in zip(prepared, used, strict=True) if case.split != "train"]
    trainees = [one for one, case in zip(prepared, used, strict=True) if case.split == "train"]
    run = Run(
        fabric=fabric,
        method=_method(experiment),
        sampler=_sampler(experiment, trainees),
        settings=experiment.training,
        folder=out,
        validate=_validation(experiment, preparation, held_out, compute) if held_out else None,
        keep=_keeping(experiment, preparation, split, out),
        report=lambda step, row: progress.row(step, run.settings.steps or 0, row),
        stepped=lambda step: progress.step(step, run.settings.steps or 0),
    )
    with _explaining_memory(experiment):
        if experiment.training.steps is None:
            experiment = _timed(run, planned, progress=progress)
            run = replace(run, method=_method(experiment), settings=experiment.training)
        run.train()
    return Trained(folder=out, experiment=experiment, cases=split, fabric=fabric)


def _timed(run: Run, planned: Plan, *, progress: TrainingProgress) -> Experiment:
    """The experiment with the steps that its minutes pay for, also on disk."""
    minutes = planned.experiment.training.minutes or 0.0
    steps = steps_within(run, minutes=minutes, progress=progress.stage)
    lasting = planned.lasting(steps)
    if run.fabric.is_global_zero:
        write_atomically(run.folder / EXPERIMENT, write_experiment(lasting.experiment).encode())
        for reason in reasons_of_length(lasting):
            progress.say(str(reason))
    return lasting.experiment


@contextmanager
def _explaining_memory(experiment: Experiment) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise ResourceError(
            f"a step on patches of {experiment.training.patch} does not fit in memory;"
            " set a smaller training.patch, or more parts with training.accumulate"
        ) from None


def _precision(experiment: Experiment, compute: Compute) -> str:
    asked = experiment.training.precision
    return compute.precision if asked == "auto" else asked


def _split(cases: Sequence[Case], experiment: Experiment) -> tuple[Case, ...]:
    settings = experiment.cohort
    split = split_cohort(cases, seed=settings.split_seed, fractions=settings.fractions)
    if not any(case.split == "train" for case in split):
        raise CohortError("no case is for training; look at the split column of participants.tsv")
    return tuple(split)


def _resolved(
    asked: Experiment,
    cases: Sequence[Case],
    out: Path,
    *,
    compute: Compute,
    progress: TrainingProgress,
) -> Plan:
    path = out / EXPERIMENT
    existing = read_experiment(path) if path.is_file() else None
    refuse_two_budgets(asked.training, existing.training if existing else None)
    if existing is None and asked.cohort.check:
        refuse_faults(cases, asked, out / CHECK, progress=progress.stage)
    learned = [case for case in cases if case.split == "train"]
    held_out = [case for case in cases if case.split == "validation"]
    filled = filled_from(asked, existing) if existing else asked
    planned = plan(filled, learned, held_out=held_out, compute=compute)
    if existing:
        refuse_other_settings(planned.experiment, existing, folder=str(out))
    else:
        for reason in (*reasons(planned), *expectations(planned, compute=compute)):
            progress.say(str(reason))
    write_atomically(path, write_experiment(planned.experiment).encode())
    return planned


def _method(experiment: Experiment) -> SynthesisMethod:
    torch.manual_seed(experiment.training.seed)
    sources = len(experiment.cohort.source)
    return build_method(experiment.method, experiment.method_settings, sources=sources)


def _sampler(experiment: Experiment, cases: Sequence[PreparedCase]) -> PatchSampler:
    settings = experiment.training
    if settings.patch is None or settings.batch is None:
        raise SettingsError("training.patch and training.batch are planned before training")
    return PatchSampler(
        cases=cases,
        patch=settings.patch,
        batch=settings.batch,
        flip_share=settings.flip_share,
        seed=settings.seed,
    )


def _validation(
    experiment: Experiment,
    preparation: Preparation,
    cases: Sequence[PreparedCase],
    compute: Compute,
) -> Callable[[Mapping[str, Tensor]], dict[str, float]]:
    """Scores of weights in a second method that training does not touch."""
    method = _method(experiment)

    def scores(weights: Mapping[str, Tensor]) -> dict[str, float]:
        method.load_networks(weights, names=method.product)
        patch = experiment.training.patch
        return validate(Synthesizer(preparation, method, compute, patch=patch), cases)

    return scores


def _keeping(
    experiment: Experiment, preparation: Preparation, cases: Sequence[Case], out: Path
) -> Callable[[Mapping[str, Tensor], int], None]:
    cohort = {split: sorted({c.subject for c in cases if c.split == split}) for split in SPLITS}

    def keep(weights: Mapping[str, Tensor], step: int) -> None:
        save_synthesizer(
            out / "synthesizer",
            weights=weights,
            method=(experiment.method, experiment.method_settings),
            preparation=preparation,
            step=step,
            cohort=cohort,
            patch=experiment.training.patch,
        )

    return keep


def _forget(out: Path) -> None:
    for name in MADE:
        shutil.rmtree(out / name, ignore_errors=True)
    for name in (EXPERIMENT, CHECK, "progress.csv"):
        (out / name).unlink(missing_ok=True)
