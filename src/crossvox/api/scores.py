"""Scores: evaluate volumes, compare methods."""

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
    """Score synthesized volumes, ours or anybody's, against references, and write a report.

    A case that fails raises `SomeCasesFailedError` once the others are scored; the error's
    `result` is theirs.

    Args:
        synthesized: A volume, a folder of volumes or a BIDS folder.
        reference: Real volumes of the same people, likewise.
        out: Folder for report.html and the tables.
        source: Volumes that they were synthesized from, for the baselines.
        source_modality: Suffix of the sources' files, such as "FLAIR".
        mask: Masks inside which metrics are taken; the head of the reference if None.
        labels: Label maps whose labels are scored one by one.
        modality: Target modality; read off the names if None.
        mean_target: Mean of the training targets, as one more baseline.
        inception: Weights of Inception-v3 for FID and KID.
        data_range: Stated range of PSNR and SSIM; each reference's own if None.
        run: Folder of the training run, for its curves and settings.
        seed: Random seed for the bootstrap confidence intervals.
        include_trained: Score people that the model was trained on too.
        allow_synthetic: Score against synthesized references too.
        progress: Shown progress.
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
        runs: Finished runs, or folders of volumes, ours or anybody's.
        out: Folder for the tables, the figure and the page.
        against: Run or baseline to compare all others with; the first run if None.
        names: Name of each run; the folders' names if None.
        reference: References of folders of volumes; runs know their own.
        source_modality: Suffix of the sources beside the references, such as "FLAIR".
        mask: Masks for folders of volumes; the head of the reference if None.
        inception: Weights of Inception-v3 for FID and KID.
        seed: Random seed for the bootstrap confidence intervals.
        device: Device that runs are timed on; the GPU where there is one, if None.
        fresh: Time again what an earlier comparison into the same folder timed.
        include_trained: Score people that a model was trained on too.
        allow_synthetic: Score against synthesized references too.
        beside: Published numbers that stand below the table, of another cohort.
        progress: Shown progress.
    """
    from crossvox.journey.contestants import ContestSettings, compare_runs, refuse_run
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
