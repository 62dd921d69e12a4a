"""Evaluate a finished training run on unseen people."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from crossvox.acceleration.compute import Compute, choose_compute
from crossvox.cohort import Case
from crossvox.evaluation import Evaluation, EvaluationSettings
from crossvox.evaluation.evaluate import evaluate
from crossvox.files import read_volume, write_volume
from crossvox.progress import QUIET, Progress
from crossvox.scoring.admission import Admission
from crossvox.scoring.pairs import Failure, Pair, Pairing, are_written
from crossvox.scoring.training_run import read_run
from crossvox.synthesis.predict import PredictOptions, output_path, predict
from crossvox.synthesis.sidecar import up_to_date
from crossvox.synthesis.store import Description, load_synthesizer, read_description
from crossvox.training.lock import locked
from crossvox.training.train import Trained

SYNTHESIZED_FOLDER = "synthesized"


def evaluate_run(
    trained: Trained, *, device: str | None = None, progress: Progress = QUIET
) -> Evaluation | None:
    """Synthesize and score volumes of the people unseen by a run, in its `evaluation` folder.

    These are the test people, or the validation people if there are no test people. Volumes
    already synthesized with the same weights are kept.

    Args:
        trained: A finished run.
        device: "cpu" or "cuda"; None for the GPU if there is one.
        progress: Receiver of the progress over cases.

    Returns:
        Evaluation of the run; None without test and validation people.

    Raises:
        SomeCasesFailedError: Some cases failed; the rest is scored.
        SettingsError: Another process is using the run's folder.
        CrossvoxError: All cases failed.
    """
    cases = unseen_cases(trained)
    if not cases:
        return None
    with locked(trained.folder):
        return _evaluated(trained, cases, device=device, progress=progress)


def _evaluated(
    trained: Trained,
    cases: Sequence[Case],
    *,
    device: str | None,
    progress: Progress,
) -> Evaluation:
    out = trained.folder / "evaluation"
    description = read_description(trained.folder)
    compute = _compute(trained, device)
    synthesizer = load_synthesizer(trained.folder, compute=compute)
    predicted = predict(
        synthesizer,
        description,
        cases,
        out / SYNTHESIZED_FOLDER,
        options=PredictOptions(overwrite="stale"),
        progress=progress,
    )
    target = trained.experiment.cohort.target
    training_targets = [case.images[target] for case in trained.cases if case.split == "train"]
    settings = EvaluationSettings(
        mean_target=write_mean(training_targets, out / f"mean_{target}.nii.gz"),
        run=read_run(trained.folder),
        # Without test people the validation people are scored; the report warns about this.
        admission=Admission(include_trained=all(case.split != "test" for case in cases)),
    )
    return evaluate(
        _pairing(_pairs(trained, cases, out / SYNTHESIZED_FOLDER, description), predicted.failed),
        out,
        settings=settings,
        progress=progress,
    )


def is_evaluated(trained: Trained, *, device: str | None = None) -> bool:
    """Whether the report of a run covers its unseen people and is newer than all its inputs."""
    out = trained.folder / "evaluation"
    report, description = out / "report.html", read_description(trained.folder)
    cases = unseen_cases(trained)
    pairs = _pairs(trained, cases, out / SYNTHESIZED_FOLDER, description)
    if not (report.is_file() and are_written(pairs, out)):
        return False
    compute = _compute(trained, device)
    if not all(
        up_to_date(case, pair.synthesized, description, compute=compute)
        for case, pair in zip(cases, pairs, strict=True)
    ):
        return False
    files = [file for pair in pairs for file in (pair.synthesized, pair.reference, pair.mask)]
    written = report.stat().st_mtime_ns
    return all(file.stat().st_mtime_ns <= written for file in files if file)


def unseen_cases(trained: Trained) -> list[Case]:
    """Cases of the test people, or else of the validation people, sorted by name."""
    test = [case for case in trained.cases if case.split == "test"]
    unseen = test or [case for case in trained.cases if case.split == "validation"]
    return sorted(unseen, key=lambda case: case.name)


def write_mean(files: Sequence[Path], path: Path) -> Path | None:
    """Write the mean of volumes on one grid to `path`; return None if their grids differ."""
    first = read_volume(files[0])
    total = first.voxels.astype(np.float64)
    for file in files[1:]:
        volume = read_volume(file)
        if not volume.grid.matches(first.grid):
            return None
        total += volume.voxels
    write_volume(path, first.with_voxels((total / len(files)).astype(np.float32)))
    return path


def _compute(trained: Trained, device: str | None) -> Compute:
    precise = trained.experiment.training.precision == "32-true"
    return choose_compute(device=device, precise=precise)


def _pairs(
    trained: Trained, cases: Sequence[Case], folder: Path, description: Description
) -> tuple[Pair, ...]:
    cohort, preparation = trained.experiment.cohort, description.preparation
    return tuple(
        Pair(
            subject=case.subject,
            name=case.name,
            synthesized=output_path(case, folder, preparation),
            reference=case.images[cohort.target],
            source=case.images[cohort.source[0]],
            mask=case.mask,
        )
        for case in cases
    )


def _pairing(pairs: Sequence[Pair], failed: Mapping[str, str]) -> Pairing:
    return Pairing(
        pairs=tuple(pair for pair in pairs if pair.name not in failed),
        failures=tuple(Failure(name=name, reason=reason) for name, reason in failed.items()),
    )
