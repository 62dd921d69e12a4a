"""Write the HTML page of a comparison: scores, tests, figure and costs."""

from pathlib import Path

from crossvox.comparison.contest import Comparison, ComparisonSettings
from crossvox.comparison.figure import Shown, chosen_cases, draw_comparison
from crossvox.comparison.published import PUBLISHED
from crossvox.comparison.sentences import (
    comparison_cautions,
    comparison_headline,
    difference_groups,
    method_words,
    perfect_sentences,
    slice_sentences,
)
from crossvox.comparison.table import cost_notes, panels_of
from crossvox.files import write_atomically
from crossvox.report.charts import draw_scores, draw_slice_curves
from crossvox.report.figures import ERROR_SHARE
from crossvox.report.formatting import counted, unit_of
from crossvox.report.page import inline, render
from crossvox.report.rows import inception_words
from crossvox.report.slices import VIEWS, WINDOW_PERCENTILES
from crossvox.scoring.baselines import BASELINES, MEANINGS

PAGE = "comparison.html"
FIGURES = ("slices.png", "slices.webp")


def write_page(comparison: Comparison, out: Path, *, settings: ComparisonSettings) -> None:
    """Write the page and, if the figure has cases, slices.png and slices.webp.

    Raises:
        FileError: The folder cannot be written.
    """
    cases = chosen_cases(comparison.results, first=comparison.names[0], shown=settings.shown)
    picture = b""
    if cases:
        sheet = draw_comparison(comparison, cases, data_range=settings.data_range)
        picture = sheet.picture("webp")
        for name, payload in zip(FIGURES, (sheet.picture("png"), picture), strict=True):
            write_atomically(out / name, payload)
    page = render_comparison(comparison, settings=settings, cases=cases, picture=picture)
    write_atomically(out / PAGE, page.encode())


def render_comparison(
    comparison: Comparison,
    *,
    settings: ComparisonSettings,
    cases: list[Shown],
    picture: bytes,
) -> str:
    """Render the page as HTML text.

    Args:
        comparison: Result of the comparison.
        settings: Settings of the comparison.
        cases: Cases in the figure.
        picture: Figure as WebP; empty without a figure.
    """
    results, summary = comparison.results, comparison.summary
    unit, names = unit_of(results), comparison.names
    protocol = settings.protocol
    curves = dict.fromkeys((*names, comparison.against))
    context = {
        "title": f"{counted(len(names), 'method', 'methods')} compared",
        "people": counted(summary.subjects, "person", "people"),
        "cases": counted(len(results), "case", "cases"),
        "headline": comparison_headline(comparison),
        "cautions": comparison_cautions(comparison),
        "against": comparison.against,
        "panels": panels_of(comparison),
        "notes": [*perfect_sentences(comparison), *cost_notes(comparison)],
        "method_words": method_words(comparison),
        "meanings": {name: MEANINGS[name] for name in BASELINES if name in summary.intervals},
        "recipe": protocol.rows(results),
        "inception_note": inception_words(summary, names, sha256=comparison.inception_sha256).note,
        "published": None if settings.beside is None else PUBLISHED[settings.beside],
        "differences": difference_groups(comparison),
        "tested": any(row.p_value is not None for row in summary.comparisons),
        "scores_chart": inline(draw_scores(results, summary, unit=unit, ours=names), "svg+xml"),
        "slices_chart": inline(
            draw_slice_curves(results, unit=unit, methods=list(curves), ours=names), "svg+xml"
        ),
        "slice_sentences": slice_sentences(comparison),
        "figure": inline(picture, "webp") if picture else "",
        "figure_note": _figure_note(),
        "figure_cases": ", ".join(f"{case.result.pair.name} ({case.why})" for case in cases),
        "paragraph": protocol.paragraph(results, summary),
    }
    return render("comparison.html", context, unit=unit, package="crossvox.comparison")


def _figure_note() -> str:
    low, high = WINDOW_PERCENTILES
    views = ", ".join(view.name for view in VIEWS)
    return (
        f"The rows are {views} slices through the center of the mask, each with the absolute error"
        " inside the mask below. In radiological convention the patient's right (R) is on the left"
        " of the picture; in sagittal slices the nose points left (A anterior, P posterior). All"
        f" columns of the target share one window, the {low:g} to {high:g} percentile of the"
        " reference inside the mask; the source has its own window. All errors of a case share one"
        f" scale, which ends at {ERROR_SHARE:.0%} of the stated range. A method that works slice by"
        " slice causes stripes in the planes across its slices: coronal and sagittal planes if its"
        " slices are axial."
    )
