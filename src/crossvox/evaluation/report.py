"""Write the self-contained HTML report of an evaluation."""

from dataclasses import dataclass

from crossvox.evaluation.results import Evaluation, EvaluationSettings
from crossvox.evaluation.sentences import cautions, headline
from crossvox.files import write_atomically
from crossvox.report.charts import draw_scores, draw_slice_curves, draw_training
from crossvox.report.figures import ERROR_SHARE
from crossvox.report.formatting import (
    counted,
    decimals,
    ends_of,
    measure_unit,
    measured,
    number,
    span,
    unit_of,
)
from crossvox.report.page import inline, render
from crossvox.report.rows import (
    case_rows,
    comparison_groups,
    frechet_rows,
    inception_words,
    perfect_sentence,
    provenance,
    region_rows,
    score_rows,
    worst_first,
)
from crossvox.report.slices import WINDOW_PERCENTILES
from crossvox.scoring.baselines import BASELINES, MEANINGS
from crossvox.scoring.file_names import name_of
from crossvox.scoring.measures import COMPARED, MEASURE
from crossvox.scoring.results import SYNTHESIZED, CaseResult

TEMPLATE = "report.html"
TILES = ("ssim", "mae", "psnr", "slice_consistency")


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Picture of one case with its caption."""

    name: str
    caption: str
    picture: str


def write_report(evaluation: Evaluation, *, settings: EvaluationSettings) -> None:
    """Write the report of an evaluation to `evaluation.report`.

    Raises:
        FileError: The report cannot be written.
    """
    write_atomically(evaluation.report, render_report(evaluation, settings=settings).encode())


def render_report(evaluation: Evaluation, *, settings: EvaluationSettings) -> str:
    """Render the report as HTML text."""
    unit = unit_of(evaluation.results)
    return render(
        TEMPLATE,
        _context(evaluation, settings, unit),
        unit=unit,
        package="crossvox.evaluation",
    )


def _context(evaluation: Evaluation, settings: EvaluationSettings, unit: str) -> dict[str, object]:
    results, summary = evaluation.results, evaluation.summary
    protocol = settings.protocol
    absent = [name for name in BASELINES if name not in summary.intervals]
    return {
        "title": _title(results),
        "model": provenance(results).get("Model", ""),
        "people": counted(summary.subjects, "person", "people"),
        "cases": counted(len(results), "case", "cases"),
        "headline": headline(evaluation),
        "cautions": cautions(evaluation),
        "tiles": _tiles(evaluation, unit),
        "perfect": perfect_sentence(summary),
        "methods": list(summary.intervals),
        "meanings": MEANINGS,
        "absent": absent,
        "scores": score_rows(summary, unit=unit),
        "comparisons": comparison_groups(summary, unit=unit),
        "tested": any(row.p_value is not None for row in summary.comparisons),
        "compared": COMPARED,
        "people_rows": case_rows(results),
        "strips": _strips(evaluation, settings),
        "strip_note": _strip_note(results, settings),
        "regions": region_rows(results),
        "frechet": frechet_rows(summary.frechet_random3d),
        "inception": inception_words(
            summary, list(summary.intervals), sha256=evaluation.inception_sha256
        ),
        "charts": _charts(evaluation, settings, unit),
        "run": settings.run,
        "paragraph": protocol.paragraph(results, summary),
        "provenance": provenance(results),
        "recipe": protocol.rows(results),
    }


def _title(results: tuple[CaseResult, ...]) -> str:
    files = [result.pair.synthesized for result in results]
    modalities = {name_of(file, root=file, modality=None).modality for file in files}
    if len(modalities) > 1 or "" in modalities:
        return "Synthesized volumes against their references"
    modality = modalities.pop()
    return f"Synthesized {modality} against the real {modality}"


def _tiles(evaluation: Evaluation, unit: str) -> list[dict[str, str]]:
    intervals = evaluation.summary.intervals[SYNTHESIZED]
    tiles = []
    for name in TILES:
        measure, interval = MEASURE[name], intervals[name]
        digits = decimals(ends_of([interval]), measure)
        tiles.append(
            {
                "title": measure.title,
                "unit": measure_unit(measure, unit),
                "better": measure.better,
                "value": number(interval.mean, digits),
                "span": span(interval, digits),
            }
        )
    return tiles


def _charts(
    evaluation: Evaluation, settings: EvaluationSettings, unit: str
) -> dict[str, str | None]:
    results = evaluation.results
    training = None if settings.run is None else draw_training(settings.run.columns)
    return {
        "scores": inline(draw_scores(results, evaluation.summary, unit=unit), "svg+xml"),
        "slices": inline(draw_slice_curves(results, unit=unit), "svg+xml"),
        "training": None if training is None else inline(training, "svg+xml"),
    }


def _strips(evaluation: Evaluation, settings: EvaluationSettings) -> list[Strip]:
    strips = []
    for result in worst_first(evaluation.results)[: settings.strips]:
        values = ", ".join(
            f"{measure.title} {measured(result.own[measure.name], measure)}" for measure in COMPARED
        )
        picture = inline(evaluation.pictures[result.pair.name], "webp")
        strips.append(Strip(name=result.pair.name, caption=values, picture=picture))
    return strips


def _strip_note(results: tuple[CaseResult, ...], settings: EvaluationSettings) -> str:
    low, high = WINDOW_PERCENTILES
    shown = min(settings.strips, len(results))
    cases = "all cases" if shown == len(results) else f"the {shown} worst of {len(results)} cases"
    return (
        f"The pictures show {cases}, lowest SSIM first, in slices through the center of the mask."
        " In radiological convention the patient's right (R) is on the left of the picture; in"
        " sagittal slices the nose points left (A anterior, P posterior). Synthesized and reference"
        f" share one window, the {low:g} to {high:g} percentile of the reference inside the mask;"
        " the source has its own window. The absolute error is shown inside the mask, whose border"
        f" is the thin line; its colors end at {ERROR_SHARE:.0%} of the stated range. The axes are"
        " permuted and flipped to the nearest right-anterior-superior orientation, never rotated;"
        " pictures are interpolated linearly between voxels."
    )
