"""The sentences of a comparison."""

import math
from collections.abc import Iterator, Sequence

from crossvox.comparison.contest import Comparison
from crossvox.report.cautions import (
    LISTED,
    SIGNIFICANT_BELOW,
    on_images,
    on_tests,
    on_uncovered,
)
from crossvox.report.formatting import (
    UNKNOWN,
    counted,
    measure_unit,
    measured,
    number,
    significant,
    unit_of,
)
from crossvox.report.rows import difference_words, perfect_sentence
from crossvox.scoring.admission import notes_on_scored
from crossvox.scoring.baselines import BASELINES
from crossvox.scoring.measures import MEASURE
from crossvox.scoring.statistics import PairedDifference

CONSISTENCY = "slice_consistency"
SSIM_DIGITS = MEASURE["ssim"].digits + 1
MOST_UNEQUAL = 1.15  # the longest training over the shortest; a busy machine is a tenth slower


def comparison_headline(comparison: Comparison) -> str:
    """Who is most alike the references, and how much of the table is more than chance."""
    summary = comparison.summary
    means = {name: summary.intervals[name]["ssim"].mean for name in comparison.names}
    ranked = sorted(means, key=lambda name: -means[name])
    people = counted(summary.subjects, "person", "people")
    first = (
        f"{ranked[0]} reaches the highest SSIM inside the mask,"
        f" {number(means[ranked[0]], SSIM_DIGITS)} on average over {people}"
    )
    others = ", ".join(f"{name} {number(means[name], SSIM_DIGITS)}" for name in ranked[1:])
    tested = [row.p_holm for row in summary.comparisons if row.p_holm is not None]
    if not tested:
        return f"{first}; {others}." if others else f"{first}."
    clear = sum(p < SIGNIFICANT_BELOW for p in tested)
    return (
        f"{first}{'; ' if others else ''}{others}. Of {len(tested)} paired differences to"
        f" {comparison.against}, {clear} remain significant at {SIGNIFICANT_BELOW:g} after Holm's"
        " correction."
    )


def comparison_cautions(comparison: Comparison) -> list[str]:
    """What a reader must know before believing the numbers."""
    results = comparison.results
    found = cautions_of(comparison)
    found += [f"Not scored: {failure.name}. {failure.reason}" for failure in comparison.failures]
    if comparison.left_out:
        listed = "; ".join(f"{one.name} ({one.reason})" for one in comparison.left_out[:LISTED])
        more = "; …" if len(comparison.left_out) > LISTED else ""
        cases = counted(len(comparison.left_out), "case was", "cases were")
        found.append(f"{cases} left out for all, because some lack them: {listed}{more}")
    moved = {name for result in results for name in result.facts.resampled}
    if moved:
        cases = counted(sum(bool(r.facts.resampled) for r in results), "case", "cases")
        found.append(
            f"In {cases} volumes lay on another grid than the reference and were resampled onto"
            f" it before scoring: {', '.join(sorted(moved))}."
        )
    for name in comparison.names:
        found += on_uncovered(results, name)
    if all(result.pair.source is None for result in results):
        found.append("Without sources two of the three baselines are missing.")
    if len({result.facts.unit for result in results}) > 1:
        found.append(f"Units differ between cases: {unit_of(results)}; means of them are void.")
    found += [*_unequal_training(comparison), *_outdone(comparison)]
    return [*found, *on_images(comparison.summary), *on_tests(comparison.summary)]


def cautions_of(comparison: Comparison) -> list[str]:
    """Sentences that belong beside the table wherever it is copied."""
    found = []
    for contestant in comparison.contestants:
        name = contestant.name
        status = {r.pair.name: r.facts.known.get(name, "") for r in comparison.results}
        found += [*contestant.cautions, *(f"{name}: {note}" for note in notes_on_scored(status))]
    return found


def perfect_sentences(comparison: Comparison) -> list[str]:
    """What each contestant's target scale would leave of a perfect network."""
    said = {name: perfect_sentence(comparison.summary, method=name) for name in comparison.names}
    return [f"{name}: {sentence}" for name, sentence in said.items() if sentence]


def _unequal_training(comparison: Comparison) -> Iterator[str]:
    hours = {
        one.name: one.costs.training_hours
        for one in comparison.contestants
        if one.costs.training_hours
    }
    if hours and max(hours.values()) > MOST_UNEQUAL * min(hours.values()):
        listed = ", ".join(f"{name} {significant(value)}" for name, value in hours.items())
        yield f"Training budgets are not equal, in hours: {listed}."


def _outdone(comparison: Comparison) -> Iterator[str]:
    """Baselines, for which nothing was trained, that are more alike than every method."""
    intervals = comparison.summary.intervals
    highest = max(intervals[name]["ssim"].mean for name in comparison.names)
    for name in BASELINES:
        if name in intervals and intervals[name]["ssim"].mean > highest:
            mean = number(intervals[name]["ssim"].mean, SSIM_DIGITS)
            yield f"The {name} has a higher SSIM than every method here, {mean}, untrained."


def difference_groups(comparison: Comparison) -> dict[str, list[dict[str, str]]]:
    """Rows of what was tested, under the name of each method."""
    unit = unit_of(comparison.results)
    groups: dict[str, list[dict[str, str]]] = {}
    for row in comparison.summary.comparisons:
        groups.setdefault(row.method, []).append(difference_words(row, unit=unit))
    return groups


def slice_sentences(comparison: Comparison) -> list[str]:
    """For each tested method: is it steadier from slice to slice than the opponent?"""
    jitter = {row.method: row for row in comparison.jitter}
    return [
        f"{row.method}: {_verdict(row, comparison)} from slice to slice,"
        f" {_numbers(row, comparison)}{_tested(row)}. Jitter of its slices' brightness:"
        f" {_numbers(jitter[row.method], comparison)}."
        for row in comparison.summary.comparisons
        if row.metric == CONSISTENCY
    ]


def _verdict(row: PairedDifference, comparison: Comparison) -> str:
    """By the interval, with a doubt where the test does not bear it out; lower is better."""
    low, high = row.difference.low, row.difference.high
    if math.isnan(low):
        return f"compared with {comparison.against}"
    if low <= 0 <= high:
        return f"no clear difference to {comparison.against}"
    sure = row.p_holm is not None and row.p_holm < SIGNIFICANT_BELOW
    word = "steadier" if high < 0 else "less steady"
    return f"{word if sure else f'perhaps {word}'} than {comparison.against}"


def _numbers(row: PairedDifference, comparison: Comparison) -> str:
    measure, unit = MEASURE[row.metric], unit_of(comparison.results)
    means = [
        comparison.summary.intervals[name][row.metric].mean for name in (row.method, row.against)
    ]
    words = difference_words(row, unit=unit)
    mine, theirs = (measured(mean, measure) for mean in means)
    interval = f" ({words['span']})" if words["span"] != UNKNOWN else ""
    return (
        f"{mine} against {theirs} {measure_unit(measure, unit)}, difference"
        f" {words['difference']}{interval}"
    )


def _tested(row: PairedDifference) -> str:
    if row.p_holm is None:
        return ""
    words = difference_words(row, unit="")["holm"]
    return f", p {words if words.startswith('<') else f'= {words}'} after Holm"


def method_words(comparison: Comparison) -> Sequence[tuple[str, str]]:
    """Each contestant and what it is."""
    return [(one.name, one.method) for one in comparison.contestants if one.method]
