"""crossvox evaluate."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from crossvox.evaluation import Evaluation


def evaluate(
    synthesized: Path,
    reference: Path,
    out: Path,
    /,
    *,
    source: Path | None = None,
    source_modality: str | None = None,
    mask: Path | None = None,
    labels: Path | None = None,
    modality: str | None = None,
    mean_target: Path | None = None,
    inception: Path | None = None,
    data_range: float | None = None,
    run: Path | None = None,
    seed: int = 0,
    include_trained: bool = False,
    allow_synthetic: bool = False,
) -> None:
    """Score synthesized volumes against references; write a report.

    Files are paired by person and session as their names say, and scored on the reference's
    grid. Ends with 3 where some could not be scored; the others are in the report all the same.

    Parameters
    ----------
    synthesized
        A volume, a folder of volumes or a BIDS folder.
    reference
        What they should be, likewise.
    out
        Folder for report.html, scores.csv, baselines.csv, pairs.csv and comparison.json.
    source
        What they were made from, for the baselines; looked for beside the references where
        only its modality is given.
    source_modality
        Suffix of the source's files, such as FLAIR.
    mask
        Where metrics count; the head of the reference where absent.
    labels
        Label maps; each label is scored by itself.
    modality
        Of the target, such as T1w; read off the names where absent.
    mean_target
        Mean of the training targets, one more baseline.
    inception
        Weights of Inception-v3 (pt_inception-2015-12-05-6726825d.pth) for FID and KID.
    data_range
        Stated range of PSNR and SSIM; each reference's own where absent.
    run
        Folder of the training run, for its curves and settings.
    seed
        Random seed for the bootstrap confidence intervals.
    include_trained
        Also score people that the model was trained on, or that chose its weights.
    allow_synthetic
        Also score against references that were synthesized themselves.
    """
    from crossvox.cli.screen import Screen
    from crossvox.evaluation import EvaluationSettings
    from crossvox.evaluation import evaluate as evaluate_pairs
    from crossvox.scoring import Admission, find_pairs, read_run

    pairing = find_pairs(
        synthesized,
        reference,
        modality=modality,
        source=source,
        source_modality=source_modality,
        mask=mask,
        labels=labels,
    )
    settings = EvaluationSettings(
        seed=seed,
        data_range=data_range,
        mean_target=mean_target,
        inception=inception,
        run=None if run is None else read_run(run),
        admission=Admission(include_trained=include_trained, allow_synthetic=allow_synthetic),
    )
    with Screen() as screen:
        evaluation = evaluate_pairs(
            pairing,
            out,
            settings=settings,
            progress=screen,
        )
    print_scores(evaluation)


def summary_table(evaluation: "Evaluation") -> "Table":
    """Means and intervals of the measures that are compared, a column for each method."""
    from rich.table import Table

    from crossvox.report.formatting import counted, unit_of
    from crossvox.report.rows import inception_words, people_known, score_rows
    from crossvox.scoring.measures import LINEAR, MEASURES

    people = counted(evaluation.summary.subjects, "person", "people")
    known = people_known(evaluation.results)
    caution = f", {known} of them known to the model" if known else ""
    table = Table(title=f"Mean over {people}{caution}, 95 % interval", title_justify="left")
    table.add_column("measure")
    for method in evaluation.summary.intervals:
        table.add_column(method, justify="right")
    titles = {measure.title for measure in MEASURES if measure.compared or measure.name in LINEAR}
    for row in score_rows(evaluation.summary, unit=unit_of(evaluation.results)):
        if row.title in titles:
            cells = [f"{cell.value}\n[dim]{cell.span}[/dim]" for cell in row.cells]
            table.add_row(f"{row.title}\n[dim]{row.unit}[/dim]", *cells)
    methods = list(evaluation.summary.intervals)
    words = inception_words(evaluation.summary, methods, sha256=evaluation.inception_sha256)
    for title, cells_of_title in words.rows:
        table.add_row(title, *cells_of_title)
    return table


def print_scores(evaluation: "Evaluation") -> None:
    """Print what to know of the scores, their table, and where the report is."""
    from rich.console import Console

    from crossvox.report.rows import perfect_sentence

    for note in evaluation.notes:
        print(note, file=sys.stderr)
    Console().print(summary_table(evaluation))
    if perfect := perfect_sentence(evaluation.summary):
        print(perfect)
    print(evaluation.report)
