"""From a cohort and an experiment to a trained run."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import torch
from lightning_fabric import Fabric
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from crossvox.cohort import SPLITS, Case, check_cohort, split_cohort
from crossvox.cohort.split import FRACTIONS
from crossvox.contract import SynthesisMethod
from crossvox.errors import CohortError, ModelError, ResourceError, SettingsError
from crossvox.files.atomic import write_atomically
from crossvox.preparation.preparation import Preparation
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.compute import Compute, compute_at_hand, is_out_of_memory, keep_pages
from crossvox.synthesis.store import save_synthesizer
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.training.budget import refuse_two_budgets, steps_within
from crossvox.training.engine import Run
from crossvox.training.experiment import Experiment, read_experiment, write_experiment
from crossvox.training.lock import locked
from crossvox.training.patches import PatchSampler
from crossvox.training.people import (
    People,
    read_people,
    recognised,
    source_hashes,
    write_people,
)
from crossvox.training.plan import lasting, plan
from crossvox.training.prepared import PreparedCase, fit_preparation, prepare_cohort
from crossvox.training.processes import first_alone, launch
from crossvox.training.rerun import filled_from, refuse_other_settings
from crossvox.training.run_folder import (
    EXPERIMENT,
    PREPARATION,
    PREPARED,
    SYNTHESIZER,
    forget,
    holds_synthesizer,
    refuse_foreign_folder,
    refuse_unknown_weights,
)
from crossvox.training.validation import validate


class TrainingProgress(Protocol):
    """Told what happens; a command shows it."""

    def stage(self, name: str, done: int, total: int) -> None:
        """Work before the first step."""

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """A row of progress.csv."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A finished run.

    Attributes:
        folder: The run's.
        experiment: As resolved.
        cases: With their splits.
        fabric: Of the processes that trained it.
        preparation: How volumes reach its scale and return.
        best_step: Step of the weights that its synthesizer holds.
        best_ssim: Their SSIM on the validation people; None where there are none.
    """

    folder: Path
    experiment: Experiment
    cases: tuple[Case, ...]
    fabric: Fabric
    preparation: Preparation
    best_step: int
    best_ssim: float | None


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """What is settled before the first step.

    Attributes:
        experiment: As resolved.
        cases: With their splits.
        people: As the run has written them down.
        preparation: Fitted to the training cases.
        learned: Training cases at network scale.
        watched: Validation cases, alike.
    """

    experiment: Experiment
    cases: tuple[Case, ...]
    people: People
    preparation: Preparation
    learned: tuple[PreparedCase, ...]
    watched: tuple[PreparedCase, ...]


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
        out: The run's folder: experiment.toml, cohort.json, checkpoint/, synthesizer/,
            progress.csv.
        experiment: What it leaves open is planned from the cohort and the memory at hand.
        device: "cpu" or "cuda"; the GPU where there is one, if None.
        fresh: Forget what is in `out` and start again.
        progress: Told what happens.

    Raises:
        CohortError: Too few cases, pairs with faults, or other people than the run has.
        SettingsError: `out` holds a run of other settings, is being trained by another process,
            or is no place for a run.
        ResourceError: A step does not fit in memory, or the disk is full.
        InterruptedRunError: Asked to stop; everything is saved.
    """
    refuse_foreign_folder(out, cases)
    keep_pages()
    compute = compute_at_hand(device=device, precise=experiment.training.precision == "32-true")
    fabric = launch(compute, precision=_precision(experiment, compute))
    with locked(out) if fabric.is_global_zero else nullcontext():
        with first_alone(fabric):
            if fresh and fabric.is_global_zero:
                forget(out)
            begun = _begin(cases, out, experiment, compute=compute, progress=progress)
        run = _run(begun, out, fabric=fabric, compute=compute, progress=progress)
        experiment = begun.experiment
        with _explaining_memory(experiment):
            if experiment.training.steps is None:
                experiment = _timed(run, experiment, progress=progress)
                run = replace(run, method=_method(experiment), settings=experiment.training)
            run.train()
    return Trained(
        folder=out,
        experiment=experiment,
        cases=begun.cases,
        fabric=fabric,
        preparation=begun.preparation,
        best_step=run.best.step,
        best_ssim=run.best.ssim if begun.watched else None,
    )


def refuse_faults(
    cases: Sequence[Case], experiment: Experiment, progress: TrainingProgress
) -> None:
    """Measure every pair before it is learned from.

    Raises:
        CohortError: Pairs have faults.
    """
    modalities = (*experiment.cohort.source, experiment.cohort.target)
    check = check_cohort(
        cases,
        modalities=modalities,
        progress=lambda done, total: progress.stage("checking", done, total),
    )
    errors = [finding for finding in check.findings if finding.severity == "error"]
    if errors:
        listed = "; ".join(f"{one.case}: {one.problem}" for one in errors)
        raise CohortError(
            f"{len(errors)} fault(s): {listed}. `crossvox check` shows all;"
            " --set cohort.check=false trains all the same"
        )


def _timed(run: Run, experiment: Experiment, *, progress: TrainingProgress) -> Experiment:
    """The experiment with the steps that its minutes pay for, also on disk."""
    minutes = experiment.training.minutes or 0.0
    steps = steps_within(run, minutes=minutes, progress=progress.stage)
    experiment = replace(experiment, training=lasting(experiment.training, steps))
    if run.fabric.is_global_zero:
        write_atomically(run.folder / EXPERIMENT, write_experiment(experiment).encode())
    return experiment


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


def _begin(
    cases: Sequence[Case],
    out: Path,
    asked: Experiment,
    *,
    compute: Compute,
    progress: TrainingProgress,
) -> _Begun:
    experiment, split, people = _resolved(asked, cases, out, compute=compute, progress=progress)
    learned = [case for case in split if case.split == "train"]
    watched = [case for case in split if case.split == "validation"]
    preparation = _fitted(experiment, learned, out, progress=progress)
    prepared = prepare_cohort(
        preparation, [*learned, *watched], out / PREPARED, progress=progress.stage
    )
    return _Begun(
        experiment=experiment,
        cases=split,
        people=people,
        preparation=preparation,
        learned=prepared[: len(learned)],
        watched=prepared[len(learned) :],
    )


def _resolved(
    asked: Experiment,
    cases: Sequence[Case],
    out: Path,
    *,
    compute: Compute,
    progress: TrainingProgress,
) -> tuple[Experiment, tuple[Case, ...], People]:
    """The experiment and the people of the run, on disk from its first start on."""
    path = out / EXPERIMENT
    existing = read_experiment(path) if path.is_file() else None
    refuse_two_budgets(asked.training, existing.training if existing else None)
    if existing is None:
        refuse_unknown_weights(out)
        asked, split = _split(cases, asked)
        if asked.cohort.check:
            refuse_faults(split, asked, progress)
        planned = plan(asked, _learned(split), compute=compute)
        people = write_people(out, split, progress=progress.stage)
    else:
        filled = filled_from(asked, existing)
        refuse_other_settings(filled, existing, folder=str(out), sections=("cohort",))
        people = read_people(out)
        split = recognised(people, cases, folder=out)
        planned = plan(filled, _learned(split), compute=compute)
        refuse_other_settings(planned, existing, folder=str(out))
    write_atomically(path, write_experiment(planned).encode())
    return planned, split, people


def _split(cases: Sequence[Case], asked: Experiment) -> tuple[Experiment, tuple[Case, ...]]:
    settings = asked.cohort
    split = split_cohort(cases, seed=settings.split_seed, fractions=settings.fractions)
    if not _learned(split):
        raise CohortError("no case is for training; look at the split column of participants.tsv")
    people = {case.subject for case in cases}
    if len(people) == 1:
        raise CohortError(
            f"{people.pop()} is the only person with all modalities, so none is left to choose"
            " weights by and to test on; give at least 3 people"
        )
    if any(case.split is None for case in cases) and settings.fractions is None:
        asked = replace(asked, cohort=replace(settings, fractions=FRACTIONS))
    return asked, tuple(split)


def _learned(cases: Sequence[Case]) -> list[Case]:
    return [case for case in cases if case.split == "train"]


def _fitted(
    experiment: Experiment, cases: Sequence[Case], out: Path, *, progress: TrainingProgress
) -> Preparation:
    """The run's preparation: fitted at its first start, and the same ever after."""
    path = out / PREPARATION
    if path.is_file():
        try:
            return TypeAdapter(Preparation).validate_json(path.read_bytes())
        except ValidationError as error:
            raise ModelError(
                f"{path} is damaged ({error.errors()[0]['msg']}); restore it, or start again with"
                " --fresh"
            ) from None
    preparation = fit_preparation(experiment, cases, out / PREPARED, progress=progress.stage)
    write_atomically(path, json.dumps(asdict(preparation), indent=2).encode())
    return preparation


def _run(
    begun: _Begun, out: Path, *, fabric: Fabric, compute: Compute, progress: TrainingProgress
) -> Run:
    experiment = begun.experiment
    share = begun.watched[fabric.global_rank :: fabric.world_size]
    run = Run(
        fabric=fabric,
        method=_method(experiment),
        sampler=_sampler(experiment, begun.learned),
        settings=experiment.training,
        folder=out,
        validate=(
            _validation(experiment, begun.preparation, share, compute) if begun.watched else None
        ),
        share=len(share),
        keep=_keeping(begun, out),
        is_kept=lambda: holds_synthesizer(out),
        report=lambda step, row: progress.row(step, run.settings.steps or 0, row),
    )
    return run


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


def _keeping(begun: _Begun, out: Path) -> Callable[[Mapping[str, Tensor], int], None]:
    experiment, cases = begun.experiment, begun.cases
    cohort: dict[str, object] = {
        split: sorted({case.subject for case in cases if case.split == split}) for split in SPLITS
    }
    cohort["source_sha256"] = source_hashes(begun.people, source=experiment.cohort.source[0])

    def keep(weights: Mapping[str, Tensor], step: int) -> None:
        save_synthesizer(
            out / SYNTHESIZER,
            weights=weights,
            method=(experiment.method, experiment.method_settings),
            preparation=begun.preparation,
            step=step,
            cohort=cohort,
            patch=experiment.training.patch,
        )

    return keep
