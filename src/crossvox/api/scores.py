"""Public functions for scores: evaluate volumes, compare runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from crossvox.api.arguments import AnyPath, Names, Shown, names_in
from crossvox.files.paths import optional_path, path_of
from crossvox.progress.protocol import as_progress

if TYPE_CHECKING:
    from crossvox.comparison import Comparison
    from crossvox.evaluation import Evaluation


def evaluate(
    synthesized: AnyPath,
    reference: AnyPath,
    out: AnyPath,
    *,
    source: AnyPath | None = None,
    source_modality: str | None = None,
    mask: AnyPath | None = None,
    labels: AnyPath | None = None,
    modality: str | None = None,
    mean_target: AnyPath | None = None,
    inception: AnyPath | None = None,
    data_range: float | None = None,
    run: AnyPath | None = None,
    seed: int = 0,
    include_trained: bool = False,
    allow_synthetic: bool = False,
    progress: Shown = None,
) -> Evaluation:
    """Score synthesized volumes from any software against references, and write a report.

    If a case fails, `SomeCasesFailedError` is raised once the others are scored; its `result` is
    their `Evaluation`.

    Args:
        synthesized: Synthesized volumes: a file, a folder of volumes or a BIDS folder.
        reference: Real volumes of the same people: a file, a folder of volumes or a BIDS folder.
        out: Output folder for report.html and the tables.
        source: Source volumes, for the baselines; those of `source_modality` beside the references
            if None.
        source_modality: Suffix of the source files, such as "FLAIR".
        mask: Masks inside which metrics are computed; the head of the reference if None.
        labels: Label maps; each label is scored separately.
        modality: Target modality, such as "T1w"; read from the file names if None.
        mean_target: Mean of the training targets, as an additional baseline.
        inception: File of Inception-v3 weights for FID and KID.
        data_range: Intensity range for PSNR and SSIM; the range of each reference if None.
        run: Folder of the training run, whose curves and settings the report shows.
        seed: Random seed for the bootstrap confidence intervals.
        include_trained: Also score people from the model's training or validation set.
        allow_synthetic: Also score against synthesized references.
        progress: Receiver of progress; none is shown if None.
    """
    from crossvox.evaluation import EvaluationSettings
    from crossvox.evaluation import evaluate as evaluate_pairs
    from crossvox.scoring import Admission, find_pairs, read_run

    folder = optional_path(run, name="run")
    pairing = find_pairs(
        path_of(synthesized, name="synthesized"),
        path_of(reference, name="reference"),
        modality=modality,
        source=optional_path(source, name="source"),
        source_modality=source_modality,
        mask=optional_path(mask, name="mask"),
        labels=optional_path(labels, name="labels"),
    )
    settings = EvaluationSettings(
        seed=seed,
        data_range=data_range,
        mean_target=optional_path(mean_target, name="mean_target"),
        inception=optional_path(inception, name="inception"),
        run=None if folder is None else read_run(folder),
        admission=Admission(include_trained=include_trained, allow_synthetic=allow_synthetic),
    )
    return evaluate_pairs(
        pairing, path_of(out, name="out"), settings=settings, progress=as_progress(progress)
    )


def compare(
    runs: Sequence[AnyPath],
    out: AnyPath,
    *,
    against: str | None = None,
    names: Names | None = None,
    reference: AnyPath | None = None,
    source_modality: str | None = None,
    mask: AnyPath | None = None,
    inception: AnyPath | None = None,
    seed: int = 0,
    device: str | None = None,
    fresh: bool = False,
    include_trained: bool = False,
    allow_synthetic: bool = False,
    beside: Literal["paper"] | None = None,
    progress: Shown = None,
) -> Comparison:
    """Compare runs or folders of volumes in one table, with paired tests and costs.

    Args:
        runs: Finished runs, or folders of volumes from any software.
        out: Output folder for the tables, the figure and the page.
        against: Run or baseline to compare all others with; the first run if None.
        names: Names of the runs or folders; the folder names if None.
        reference: Reference volumes for folders of volumes; runs have their own.
        source_modality: Suffix of the source volumes beside the references, such as "FLAIR".
        mask: Masks inside which folders of volumes are scored; the head of the reference if None.
        inception: File of Inception-v3 weights for FID and KID; both are n/a if None.
        seed: Random seed for the bootstrap confidence intervals.
        device: Device to time the runs on; the GPU if there is one, if None.
        fresh: Repeat the timings that an earlier comparison stored in the output folder.
        include_trained: Also score people from a model's training or validation set (folders of
            volumes only).
        allow_synthetic: Also score against synthesized references (folders of volumes only).
        beside: Published results to print below the table; they come from another cohort.
        progress: Receiver of progress; none is shown if None.
    """
    from crossvox.journey.compare import compare_runs
    from crossvox.journey.contestants import ContestSettings, refuse_run
    from crossvox.scoring import Admission

    folder = path_of(out, name="out")
    refuse_run(folder)
    settings = ContestSettings(
        names=names_in(names),
        against=against,
        reference=optional_path(reference, name="reference"),
        source_modality=source_modality,
        mask=optional_path(mask, name="mask"),
        inception=optional_path(inception, name="inception"),
        seed=seed,
        device=device,
        fresh=fresh,
        admission=Admission(include_trained=include_trained, allow_synthetic=allow_synthetic),
        beside=beside,
    )
    paths = [path_of(run, name="runs") for run in runs]
    return compare_runs(paths, folder, settings=settings, progress=as_progress(progress))
