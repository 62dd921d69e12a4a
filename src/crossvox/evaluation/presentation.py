"""The rows and sentences of a report, ready to be set."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossvox.evaluation.inception_features import PUBLISHED_SHA256, too_few_images
from crossvox.evaluation.measures import COMPARED, MEASURE, MEASURES, Measure
from crossvox.evaluation.results import SYNTHESIZED, CaseResult, Evaluation, Summary
from crossvox.evaluation.statistics import (
    FEWEST_FOR_A_TEST,
    Interval,
    PairedDifference,
    mean_per_subject,
    smallest_p,
)
from crossvox.evaluation.summary import per_subject
from crossvox.evaluation.tables import region_labels
from crossvox.evaluation.wording import (
    UNITS,
    UNKNOWN,
    counted,
    decimals,
    ends_of,
    measure_unit,
    measured,
    number,
    p_value,
    span,
    unit_of,
    wins,
)

SIGNIFICANT_BELOW = 0.05
LISTED = 8
NO_WEIGHTS = "FID and KID need the weights of Inception-v3, which are never downloaded silently."


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One mean with its interval; `best` where no other method does better."""

    value: str
    span: str
    best: bool = False


@dataclass(frozen=True, kw_only=True)
class InceptionWords:
    """Rows of (title, a cell for each method), and a sentence on them."""

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    note: str


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One measure for every method."""

    title: str
    unit: str
    better: str
    cells: tuple[Cell, ...]


def score_rows(summary: Summary, *, unit: str) -> list[ScoreRow]:
    """A row for each measure that any method has, a cell for each method."""
    rows = []
    for measure in MEASURES:
        intervals = [found[measure.name] for found in summary.intervals.values()]
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
    """Rows of what was compared, under the name of each baseline."""
    groups: dict[str, list[dict[str, str]]] = {}
    for row in summary.comparisons:
        groups.setdefault(row.against, []).append(difference_words(row, unit=unit))
    return groups


def difference_words(row: PairedDifference, *, unit: str) -> dict[str, str]:
    """The cells of one paired difference."""
    measure, difference = MEASURE[row.metric], row.difference
    # Differences of what has no unit are small: the paper's methods are .0054 of SSIM apart.
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
    """One row for each case, the lowest SSIM first."""
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
            "resampled": ", ".join(result.facts.resampled) or "nothing",
            "grid": result.facts.grid,
        }
        for result in worst_first(results)
    ]


def worst_first(results: Sequence[CaseResult]) -> list[CaseResult]:
    """Cases by rising SSIM."""
    return sorted(results, key=lambda result: (result.own["ssim"], result.pair.name))


def region_rows(results: Sequence[CaseResult]) -> list[dict[str, str]]:
    """Mean over subjects of each label's scores; empty regions count for nobody."""
    rows = []
    for label in region_labels(results):
        found = [
            (result.pair.subject, region)
            for result in results
            for region in result.regions
            if region.label == label
        ]
        subjects = [subject for subject, _ in found]
        values = {
            "mae": [region.mae for _, region in found],
            "bias": [region.bias for _, region in found],
            "ssim": [region.ssim for _, region in found],
        }
        means = {name: _subject_mean(those, subjects) for name, those in values.items()}
        shown = {name: measured(mean, MEASURE[name]) for name, mean in means.items()}
        rows.append({"label": str(label), "subjects": str(len(set(subjects))), **shown})
    return rows


def headline(evaluation: Evaluation) -> str:
    """One sentence on how the volumes fare against the strongest baseline."""
    summary, measure = evaluation.summary, MEASURE["ssim"]
    own = summary.intervals[SYNTHESIZED]["ssim"]
    start = (
        f"SSIM inside the mask is {measured(own.mean, measure)} on average over"
        f" {counted(summary.subjects, 'person', 'people')}"
    )
    others = {name: found["ssim"] for name, found in summary.intervals.items()}
    rivals = {name: others[name] for name in others if name != SYNTHESIZED}
    if not rivals:
        return f"{start}; no baseline could be computed, so nothing says whether that is good."
    name = max(rivals, key=lambda rival: rivals[rival].mean)
    ours = per_subject(evaluation.results, SYNTHESIZED, "ssim")
    theirs = per_subject(evaluation.results, name, "ssim")
    shared = ours.keys() & theirs.keys()
    won = sum(ours[subject] > theirs[subject] for subject in shared)
    return (
        f"{start}. The strongest baseline, the {name}, reaches"
        f" {measured(rivals[name].mean, measure)}; the synthesized volume is better for"
        f" {won} of {counted(len(shared), 'person', 'people')}."
    )


def cautions(evaluation: Evaluation) -> list[str]:
    """What a reader must know before believing the numbers."""
    results, found = evaluation.results, []
    found += [f"Not scored: {failure.name}. {failure.reason}" for failure in evaluation.failures]
    if evaluation.unanswered:
        names = ", ".join(path.name for path in evaluation.unanswered[:LISTED])
        more = ", …" if len(evaluation.unanswered) > LISTED else ""
        count = counted(len(evaluation.unanswered), "reference", "references")
        found.append(f"{count} without a synthesized counterpart, not part of this: {names}{more}")
    moved = [result for result in results if result.facts.resampled]
    if moved:
        names = ", ".join(result.pair.name for result in moved[:LISTED])
        found.append(
            f"{counted(len(moved), 'case', 'cases')} had files on another grid than the"
            f" synthesized volume; they were resampled onto it before scoring: {names}"
        )
    if all(result.pair.source is None for result in results):
        found.append("No source was given, so two of the three baselines are missing.")
    if len({result.facts.unit for result in results}) > 1:
        found.append(f"Units differ between cases: {unit_of(results)}; means of them are void.")
    return [*found, *on_images(evaluation.summary), *on_tests(evaluation.summary)]


def provenance(results: Sequence[CaseResult]) -> dict[str, str]:
    """What the sidecars say: values that all cases share, and a word where they differ."""
    keys = dict.fromkeys(key for result in results for key in result.facts.sidecar)
    said = {}
    for key in keys:
        values = {_plain(result.facts.sidecar.get(key)) for result in results}
        said[key] = values.pop() if len(values) == 1 else f"differs between cases ({len(values)})"
    return said


def frechet_rows(distances: Mapping[str, float]) -> list[tuple[str, str]]:
    """The Frechet distance of each method."""
    return [
        (name, UNKNOWN if math.isnan(distance) else f"{distance:.4f}")
        for name, distance in distances.items()
    ]


def inception_words(summary: Summary, methods: Sequence[str], *, sha256: str) -> InceptionWords:
    """FID and KID of each method, and what stands behind them."""
    if not sha256:
        return InceptionWords(rows=(("FID, KID", (UNKNOWN,) * len(methods)),), note=NO_WEIGHTS)
    published = sha256 == PUBLISHED_SHA256
    whose = "the published ones" if published else "not those of published FIDs"
    kids = [summary.kid.get(name) for name in methods]
    return InceptionWords(
        rows=(
            ("FID", tuple(number(summary.fid.get(name, math.nan), 2) for name in methods)),
            (
                "KID ± standard error",
                tuple(
                    UNKNOWN
                    if found is None
                    else f"{number(found.value, 4)} ± {number(found.standard_error, 4)}"
                    for found in kids
                ),
            ),
        ),
        note=(
            f"FID and KID: Inception-v3 pool3 features of {summary.images} axial slices on each"
            f" side, weights with SHA-256 {sha256}"
            f" ({whose})."
        ),
    )


def on_images(summary: Summary) -> list[str]:
    """What to know of an FID of few slices; nothing where it was not measured."""
    warning = too_few_images(summary.images) if summary.fid else None
    return [] if warning is None else [warning]


def on_tests(summary: Summary) -> list[str]:
    """What tests cannot say with so few people."""
    people, rows = summary.subjects, len(summary.comparisons)
    if people < FEWEST_FOR_A_TEST:
        return [
            f"With {counted(people, 'person', 'people')} no signed-rank test can be significant"
            f" (the smallest possible p is {smallest_p(people):.3g}); no p-value is given, and"
            " 95 % intervals over so few people are too short."
        ]
    if rows and smallest_p(people) * rows > SIGNIFICANT_BELOW:
        return [
            f"With {people} people and {rows} comparisons no p-value can survive Holm's"
            f" correction (the smallest possible is {smallest_p(people) * rows:.3g})."
        ]
    return []


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
