"""One self-contained page that says what was done, how well, and how sure one can be."""

import base64
import datetime
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from crossvox import __version__
from crossvox.evaluation.baselines import BASELINES, MEANINGS
from crossvox.evaluation.charts import draw_scores, draw_slice_curves, draw_training
from crossvox.evaluation.figures import ERROR_SHARE, WINDOW_PERCENTILES, draw_strip
from crossvox.evaluation.loading import GIVEN_MASK, load_pair
from crossvox.evaluation.measures import COMPARED, MEASURES
from crossvox.evaluation.names import name_of
from crossvox.evaluation.presentation import (
    MEASURE,
    case_rows,
    cautions,
    comparison_groups,
    frechet_rows,
    headline,
    provenance,
    region_rows,
    score_rows,
    worst_first,
)
from crossvox.evaluation.results import SYNTHESIZED, CaseResult, Evaluation, EvaluationSettings
from crossvox.evaluation.statistics import DRAWS
from crossvox.evaluation.tables import stated_range, versions
from crossvox.evaluation.wording import (
    counted,
    decimals,
    ends_of,
    measure_unit,
    measured,
    number,
    span,
    unit_of,
)
from crossvox.files import write_atomically

TEMPLATE = "report.html"
TILES = ("ssim", "mae", "psnr", "slice_consistency")
PAPER = (
    ("DDPM", ".8679", "47.51", "88.77", "181.81"),
    ("Pix2Pix", ".9359", "15.68", "33.13", "76.83"),
    ("the paper's 3D GAN", ".9413", "16.11", "32.59", "75.56"),
)


@dataclass(frozen=True, kw_only=True)
class Strip:
    """One case's pictures."""

    name: str
    caption: str
    picture: str


def write_report(evaluation: Evaluation, *, settings: EvaluationSettings) -> None:
    """Write the page of an evaluation at `evaluation.report`.

    Raises:
        FileError: The page cannot be written.
    """
    write_atomically(evaluation.report, render_report(evaluation, settings=settings).encode())


def render_report(evaluation: Evaluation, *, settings: EvaluationSettings) -> str:
    """The page as text: no scripts, nothing from elsewhere, every value escaped."""
    # Names of people and files come from outside: escaping is for every template.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("crossvox.evaluation").joinpath(TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(source).render(_context(evaluation, settings))


def _context(evaluation: Evaluation, settings: EvaluationSettings) -> dict[str, object]:
    results, summary = evaluation.results, evaluation.summary
    unit = unit_of(results)
    absent = [name for name in BASELINES if name not in summary.intervals]
    return {
        "version": __version__,
        "date": datetime.datetime.now(datetime.UTC).strftime("%d %B %Y, %H:%M UTC"),
        "title": _title(results),
        "model": provenance(results).get("Model", ""),
        "people": counted(summary.subjects, "person", "people"),
        "cases": counted(len(results), "case", "cases"),
        "unit": unit,
        "headline": headline(evaluation),
        "cautions": cautions(evaluation),
        "tiles": _tiles(evaluation, unit),
        "methods": list(summary.intervals),
        "meanings": MEANINGS,
        "absent": absent,
        "scores": score_rows(summary, unit=unit),
        "comparisons": comparison_groups(summary, unit=unit),
        "tested": any(row.p_value is not None for row in summary.comparisons),
        "compared": COMPARED,
        "people_rows": case_rows(results),
        "strips": _strips(results, settings),
        "strip_note": _strip_note(results, settings),
        "regions": region_rows(results),
        "frechet": frechet_rows(summary.frechet_random3d),
        "charts": _charts(evaluation, settings, unit),
        "run": settings.run,
        "measures": [(measure, measure_unit(measure, unit)) for measure in MEASURES],
        "paper": PAPER,
        "paragraph": _paragraph(evaluation, settings, unit),
        "provenance": provenance(results),
        "versions": versions(),
        "recipe": _recipe(results, settings, unit),
    }


def _title(results: tuple[CaseResult, ...]) -> str:
    files = [result.pair.synthesized for result in results]
    modalities = {name_of(file, root=file, modality=None).modality for file in files}
    if len(modalities) > 1 or "" in modalities:
        return "Synthesized volumes against their references"
    modality = modalities.pop()
    return f"Synthesized {modality} against the real {modality}"


def _tiles(evaluation: Evaluation, unit: str) -> list[dict[str, str]]:
    found = evaluation.summary.intervals[SYNTHESIZED]
    tiles = []
    for name in TILES:
        measure, interval = MEASURE[name], found[name]
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
        "scores": _inline(draw_scores(results, evaluation.summary, unit=unit), "svg+xml"),
        "slices": _inline(draw_slice_curves(results, unit=unit), "svg+xml"),
        "training": None if training is None else _inline(training, "svg+xml"),
    }


def _strips(results: tuple[CaseResult, ...], settings: EvaluationSettings) -> list[Strip]:
    strips = []
    for result in worst_first(results)[: settings.strips]:
        loaded = load_pair(result.pair, data_range=settings.data_range)
        values = ", ".join(
            f"{measure.title} {measured(result.own[measure.name], measure)}" for measure in COMPARED
        )
        picture = _inline(draw_strip(loaded), "webp")
        strips.append(Strip(name=result.pair.name, caption=values, picture=picture))
    return strips


def _strip_note(results: tuple[CaseResult, ...], settings: EvaluationSettings) -> str:
    low, high = WINDOW_PERCENTILES
    shown = min(settings.strips, len(results))
    which = "All cases" if shown == len(results) else f"The {shown} worst of {len(results)} cases"
    return (
        f"{which}, the lowest SSIM first; slices through the centre of the mask. Radiological"
        " convention: the patient's right (R) is on the picture's left; in sagittal slices the"
        " nose points left (A anterior, P posterior). Synthesized and reference share one window,"
        f" the {low:g} to {high:g} percentile of the reference inside the mask; the source has"
        f" its own. The error is shown inside the mask; its colours end at {ERROR_SHARE:.0%} of the"
        " stated range; the thin"
        " line is the mask's border. Axes are turned to the nearest right-anterior-superior"
        " ones, never rotated; between voxels the pictures are interpolated linearly."
    )


def _mask_words(results: tuple[CaseResult, ...]) -> str:
    return " or ".join(sorted({result.facts.mask_origin for result in results}))


def _recipe(
    results: tuple[CaseResult, ...], settings: EvaluationSettings, unit: str
) -> list[tuple[str, str]]:
    return [
        ("mask", _mask_words(results)),
        ("stated range", stated_range(settings)),
        ("SSIM", f"3D, {settings.window}, K1 .01, K2 .03"),
        ("unit", unit),
        ("intervals", f"95 %, BCa bootstrap over people, {DRAWS} draws, seed {settings.seed}"),
        ("software", f"crossvox {__version__}"),
    ]


def _paragraph(evaluation: Evaluation, settings: EvaluationSettings, unit: str) -> str:
    """How it was measured, to be pasted into a paper."""
    results, summary = evaluation.results, evaluation.summary
    given = all(result.facts.mask_origin == GIVEN_MASK for result in results)
    mask = (
        "the given masks"
        if given
        else "the head of the reference (largest connected component above half the Otsu threshold,"
        " closed by two voxels, holes filled)"
    )
    tests = (
        "two-sided Wilcoxon signed-rank tests with Holm's correction over all comparisons"
        if any(row.p_value is not None for row in summary.comparisons)
        else "no hypothesis test, the number of people being too small for one"
    )
    return (
        f"Synthesized volumes of {counted(summary.subjects, 'person', 'people')}"
        f" ({counted(len(results), 'case', 'cases')}) were compared with their references on the"
        f" grid of the synthesized volume, inside {mask}. Mean absolute error, root mean square"
        f" error and bias are in {unit}. PSNR, SSIM and normalised errors refer to a stated"
        f" range ({stated_range(settings)}). SSIM is three-dimensional ({settings.window};"
        " K1 = .01, K2 = .03) and averaged inside the mask. Slice consistency is the mean"
        " absolute difference of the through-plane derivatives of the synthesized and the"
        " reference volume. Cases of one person were averaged first. Intervals are 95 %"
        f" bias-corrected and accelerated bootstrap intervals over people ({DRAWS} draws);"
        f" methods were compared by paired differences, with {tests}."
        f" Evaluated with crossvox {__version__}."
    )


def _inline(picture: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
