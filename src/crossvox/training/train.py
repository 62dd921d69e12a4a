"""Train an experiment on a cohort."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor

from crossvox.acceleration.compute import (
    Compute,
    choose_compute,
    free_memory_bytes,
    is_out_of_memory,
    keep_pages,
)
from crossvox.cohort import SPLITS, Case
from crossvox.contract import SynthesisMethod
from crossvox.errors import ResourceError
from crossvox.files.atomic import write_atomically
from crossvox.preparation.preparation import Preparation
from crossvox.progress import QUIET, Progress
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.store import save_synthesizer
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.training.begin import RunSetup, begin
from crossvox.training.budget import MOST_TIMED_STEPS, steps_within
from crossvox.training.engine import Run
from crossvox.training.experiment import Experiment, write_experiment
from crossvox.training.lock import locked
from crossvox.training.patch_plan import refuse_patch
from crossvox.training.patches import PatchSampler
from crossvox.training.people import source_hashes
from crossvox.training.plan import Plan
from crossvox.training.plan_report import reasons_of_length
from crossvox.training.planned import PlannedTraining
from crossvox.training.prepared import PreparedCase
from crossvox.training.processes import first_alone, launch
from crossvox.training.run_folder import (
    EXPERIMENT,
    SYNTHESIZER,
    holds_synthesizer,
    refuse_foreign_folder,
    remove_run,
)
from crossvox.training.validation import validate

__all__ = ["Trained", "train"]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A finished run.

    Attributes:
        folder: Path of the run's folder.
        experiment: Experiment after planning.
        cases: Cases with their splits.
        fabric: Fabric of the processes that trained the run.
        preparation: Working grid and intensity scales of the run.
        best_step: Step of the weights in the run's synthesizer.
        best_ssim: SSIM of those weights on the validation cases; None without such cases.
    """

    folder: Path
    experiment: Experiment
    cases: tuple[Case, ...]
    fabric: Fabric
    preparation: Preparation
    best_step: int
    best_ssim: float | None


def train(
    cases: Sequence[Case],
    out: Path,
    experiment: Experiment,
    *,
    device: str | None = None,
    fresh: bool = False,
    progress: Progress = QUIET,
) -> Trained:
    """Train `experiment` on a cohort, or resume the run in `out`.

    Args:
        cases: Cases with all modalities of the experiment.
        out: Path of the run's folder: experiment.toml, cohort.json, checkpoint/, synthesizer/,
            progress.csv.
        experiment: Settings; those that are None are planned from the cohort and free memory.
        device: "cpu" or "cuda"; None uses the GPU if there is one.
        fresh: Whether to remove the run in `out` first and start again.
        progress: Receiver of progress.

    Raises:
        CohortError: Too few cases, pairs with faults, or other people than the run has.
        SettingsError: `out` holds a run with other settings, is in use by another process, or
            cannot be the folder of a run.
        ResourceError: A step does not fit in memory, or the disk is full.
        InterruptedRunError: The process was asked to stop; everything is saved.
    """
    refuse_foreign_folder(out, cases)
    keep_pages()
    compute = choose_compute(device=device, precise=experiment.training.precision == "32-true")
    refuse_patch(experiment, compute=compute, free_bytes=free_memory_bytes(compute.device))
    fabric = launch(compute, precision=_precision(experiment, compute))
    with locked(out) if fabric.is_global_zero else nullcontext():
        with first_alone(fabric):
            if fresh and fabric.is_global_zero:
                remove_run(out)
            setup = begin(cases, out, experiment, compute=compute, progress=progress)
        run = _run(setup, out, fabric=fabric, compute=compute, progress=progress)
        with _explaining_memory(setup.experiment):
            if not setup.planned.is_timed:
                setup = replace(setup, planned=_timed(run, setup.planned, progress=progress))
                run = _run(setup, out, fabric=fabric, compute=compute, progress=progress)
            run.train()
    return Trained(
        folder=out,
        experiment=setup.experiment,
        cases=setup.cases,
        fabric=fabric,
        preparation=setup.preparation,
        best_step=run.best.step,
        best_ssim=run.best.ssim if setup.validation_cases else None,
    )


def _timed(run: Run, planned: Plan, *, progress: Progress) -> Plan:
    """Time some steps, plan as many as fit into the minutes, and write the experiment."""
    steps = steps_within(run, minutes=planned.minutes, progress=progress)
    timed = planned.with_steps(steps)
    if run.fabric.is_global_zero:
        write_atomically(run.folder / EXPERIMENT, write_experiment(timed.experiment).encode())
        for reason in reasons_of_length(timed):
            progress.say(str(reason))
    return timed


@contextmanager
def _explaining_memory(experiment: Experiment) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise ResourceError(
            f"a step on patches of {experiment.training.patch} does not fit in memory;"
            " set a smaller training.patch or a larger training.accumulate"
        ) from None


def _precision(experiment: Experiment, compute: Compute) -> str:
    precision = experiment.training.precision
    return compute.precision if precision == "auto" else precision


def _run(
    setup: RunSetup, out: Path, *, fabric: Fabric, compute: Compute, progress: Progress
) -> Run:
    experiment, settings = setup.experiment, _settings(setup.planned)
    sampler = _sampler(settings, setup.training_cases)
    share = setup.validation_cases[fabric.global_rank :: fabric.world_size]
    validation = _validation(experiment, setup.preparation, share, compute)
    return Run(
        fabric=fabric,
        method=_method(experiment),
        sampler=sampler,
        settings=settings,
        folder=out,
        validate=validation if setup.validation_cases else None,
        cases=len(share),
        save_weights=_saving(setup, out, epochs_per_step=sampler.epochs_per_step),
        holds_weights=lambda: holds_synthesizer(out),
        report=lambda step, row: progress.row(step, settings.steps, row),
        on_step=lambda step: progress.step(step, settings.steps),
    )


def _method(experiment: Experiment) -> SynthesisMethod:
    torch.manual_seed(experiment.training.seed)
    sources = len(experiment.cohort.source)
    return build_method(experiment.method, experiment.method_settings, sources=sources)


def _settings(planned: Plan) -> PlannedTraining:
    """Settings of the run, or of the throwaway run whose steps are timed."""
    return planned.training if planned.is_timed else planned.with_steps(MOST_TIMED_STEPS).training


def _sampler(settings: PlannedTraining, cases: Sequence[PreparedCase]) -> PatchSampler:
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
    """A function that scores weights in a second copy of the method, separate from training."""
    method = _method(experiment)

    def scores(weights: Mapping[str, Tensor]) -> dict[str, float]:
        method.load_networks(weights, names=method.product)
        patch = experiment.training.patch
        return validate(Synthesizer(preparation, method, compute, patch=patch), cases)

    return scores


def _saving(
    setup: RunSetup, out: Path, *, epochs_per_step: float
) -> Callable[[Mapping[str, Tensor], int], None]:
    experiment, cases = setup.experiment, setup.cases
    cohort: dict[str, object] = {
        split: sorted({case.subject for case in cases if case.split == split}) for split in SPLITS
    }
    cohort["epochs_per_step"] = epochs_per_step
    cohort["source_sha256"] = source_hashes(setup.people, source=experiment.cohort.source[0])

    def save_weights(weights: Mapping[str, Tensor], step: int) -> None:
        save_synthesizer(
            out / SYNTHESIZER,
            weights=weights,
            method=(experiment.method, experiment.method_settings),
            preparation=setup.preparation,
            step=step,
            cohort=cohort,
            patch=experiment.training.patch,
        )

    return save_weights
