"""Table rows and sentences of a report, as formatted text."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossvox.report.formatting import (
    UNITS,
    UNKNOWN,
    counted,
    decimals,
    ends_of,
    fixed,
    measure_unit,
    measured,
    number,
    p_value,
    percent,
    span,
    wins,
)
from crossvox.report.score_table import region_labels
from crossvox.scoring.admission import KNOWN
from crossvox.scoring.inception_features import PUBLISHED_SHA256
from crossvox.scoring.measure import Measure
from crossvox.scoring.measures import COMPARED, MEASURE, MEASURES
from crossvox.scoring.results import PERFECT, SYNTHESIZED, CaseResult, Summary
from crossvox.scoring.statistics import (
    Interval,
    PairedDifference,
    mean_per_subject,
)

DISTANCE_DIGITS = 4
NO_WEIGHTS = (
    "FID and KID were not computed: they need the weights of Inception-v3, which crossvox does not"
    " download."
)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A mean with its interval; `best` is true if no other method is better."""

    value: str
    span: str
    best: bool = False


@dataclass(frozen=True, kw_only=True)
class InceptionWords:
    """Rows of FID and KID, each a title and a cell per method, and a note on them."""

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    note: str


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """Row of one measure with a cell for each method."""

    title: str
    unit: str
    better: str
    cells: tuple[Cell, ...]


def score_rows(summary: Summary, *, unit: str) -> list[ScoreRow]:
    """Build a row for each measure that any method has, with a cell for each method."""
    rows = []
    for measure in MEASURES:
        intervals = [by_measure[measure.name] for by_measure in summary.intervals.values()]
        if all(interval.n == 0 for interval in intervals):
            continue
        best, digits = _best(intervals, measure), decimals(ends_of(intervals), measure)
        rows.append(
            ScoreRow(
                title=measure.title,
                unit=measure_unit(measure, unit),
                better=measure.better,
                cells=tuple(
                    Cell(
                        value=number(interval.mean, digits),
                        span=span(interval, digits),
                        best=interval.mean == best,
                    )
                    for interval in intervals
                ),
            )
        )
    return rows


def comparison_groups(summary: Summary, *, unit: str) -> dict[str, list[dict[str, str]]]:
    """Group the rows of paired differences by baseline."""
    groups: dict[str, list[dict[str, str]]] = {}
    for row in summary.comparisons:
        groups.setdefault(row.against, []).append(difference_words(row, unit=unit))
    return groups


def difference_words(row: PairedDifference, *, unit: str) -> dict[str, str]:
    """Format the cells of one paired difference."""
    measure, difference = MEASURE[row.metric], row.difference
    # Differences of unitless measures are small: the paper's methods differ by .0054 in SSIM.
    digits = decimals(ends_of([difference]), measure) + (0 if measure.unit else 1)
    return {
        "measure": measure.title,
        "unit": measure_unit(measure, unit),
        "difference": ("+" if difference.mean > 0 else "") + number(difference.mean, digits),
        "span": span(difference, digits) or UNKNOWN,
        "wins": wins(row),
        "p": p_value(row.p_value),
        "holm": p_value(row.p_holm),
    }


def case_rows(results: Sequence[CaseResult]) -> list[dict[str, object]]:
    """Build one row for each case, lowest SSIM first."""
    digits = {
        measure.name: decimals([result.own[measure.name] for result in results], measure)
        for measure in COMPARED
    }
    return [
        {
            "name": result.pair.name,
            "values": [number(result.own[name], places) for name, places in digits.items()],
            "range": f"{result.facts.data_range:.4g}",
            "mask": result.facts.mask_origin,
            "resampled": ", ".join(result.facts.resampled) or "none",
            "grid": result.facts.grid,
            "uncovered": percent(result.facts.uncovered.get(SYNTHESIZED, 0.0)),
            "perfect": perfect_cells(result),
        }
        for result in worst_first(results)
    ]


def perfect_cells(result: CaseResult) -> str:
    """MAE, PSNR and SSIM of a perfect network with the target scale of this case."""
    perfect = result.facts.perfect.get(SYNTHESIZED)
    if not perfect:
        return UNKNOWN
    return " / ".join(measured(perfect[name], MEASURE[name]) for name in PERFECT)


def perfect_sentence(summary: Summary, *, method: str = SYNTHESIZED) -> str:
    """Sentence on the mean scores of a perfect network; empty if no sidecar has a scale.

    Args:
        summary: Summary over people.
        method: Method with the target scale; in a comparison, the name of a contestant.
    """
    perfect = summary.perfect.get(method)
    if perfect is None:
        return ""
    values = ", ".join(
        f"{MEASURE[name].title} {measured(perfect.means[name], MEASURE[name])}" for name in PERFECT
    )
    return (
        f"With the target scale of this model, a perfect network would score {values} (mean over"
        f" {counted(perfect.people, 'person', 'people')})."
    )


def people_known(results: Sequence[CaseResult], method: str = SYNTHESIZED) -> int:
    """Count the people that the model was trained on or that its weights were chosen on."""
    return len({case.pair.subject for case in results if case.facts.known.get(method) in KNOWN})


def worst_first(results: Sequence[CaseResult]) -> list[CaseResult]:
    """Sort cases by increasing SSIM."""
    return sorted(results, key=lambda result: (result.own["ssim"], result.pair.name))


def region_rows(results: Sequence[CaseResult]) -> list[dict[str, str]]:
    """Mean over subjects of each label's scores, ignoring empty regions."""
    rows = []
    for label in region_labels(results):
        regions = [
            (result.pair.subject, region)
            for result in results
            for region in result.regions
            if region.label == label
        ]
        subjects = [subject for subject, _ in regions]
        values = {
            "mae": [region.mae for _, region in regions],
            "bias": [region.bias for _, region in regions],
            "ssim": [region.ssim for _, region in regions],
        }
        means = {name: _subject_mean(scores, subjects) for name, scores in values.items()}
        shown = {name: measured(mean, MEASURE[name]) for name, mean in means.items()}
        rows.append({"label": str(label), "subjects": str(len(set(subjects))), **shown})
    return rows


def provenance(results: Sequence[CaseResult]) -> dict[str, str]:
    """Contents of the sidecars: the shared value of each key, or a note that values differ."""
    keys = dict.fromkeys(key for result in results for key in result.facts.sidecar)
    contents = {}
    for key in keys:
        values = {_plain(result.facts.sidecar.get(key)) for result in results}
        contents[key] = (
            values.pop() if len(values) == 1 else f"differs between cases ({len(values)})"
        )
    return contents


def frechet_rows(distances: Mapping[str, float]) -> list[tuple[str, str]]:
    """Name and formatted Frechet distance of each method."""
    return [(name, fixed(distance, DISTANCE_DIGITS)) for name, distance in distances.items()]


def inception_words(summary: Summary, methods: Sequence[str], *, sha256: str) -> InceptionWords:
    """Format FID and KID of each method, with a note on slices and weights."""
    if not sha256:
        return InceptionWords(rows=(("FID, KID", (UNKNOWN,) * len(methods)),), note=NO_WEIGHTS)
    published = sha256 == PUBLISHED_SHA256
    origin = "the published ones" if published else "not those of published FIDs"
    kids = [summary.kid.get(name) for name in methods]
    return InceptionWords(
        rows=(
            ("FID", tuple(fixed(summary.fid.get(name, math.nan), 2) for name in methods)),
            (
                "KID ± standard error",
                tuple(
                    UNKNOWN
                    if kid is None
                    else f"{fixed(kid.value, DISTANCE_DIGITS)} ±"
                    f" {fixed(kid.standard_error, DISTANCE_DIGITS)}"
                    for kid in kids
                ),
            ),
        ),
        note=(
            f"FID and KID are computed from Inception-v3 pool3 features of {summary.images} axial"
            f" slices on each side, with weights of SHA-256 {sha256}"
            f" ({origin})."
        ),
    )


def _best(intervals: Sequence[Interval], measure: Measure) -> float:
    means = [interval.mean for interval in intervals if not math.isnan(interval.mean)]
    if measure.better == "higher":
        return max(means)
    return min(means) if measure.better == "lower" else math.nan


def _subject_mean(values: Sequence[float], subjects: Sequence[str]) -> float:
    means = mean_per_subject(values, subjects).values()
    return sum(means) / len(means) if means else math.nan


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_plain(item)}" for key, item in value.items())
    return UNITS.get(value, value) if isinstance(value, str) else str(value)
