"""Sentences of a comparison's page: the headline, the cautions and the verdicts on slices."""

import math
from collections.abc import Iterator, Sequence

from crossvox.comparison.contest import Comparison
from crossvox.report.cautions import (
    MOST_LISTED,
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

CONSISTENCY_MEASURE = "slice_consistency"
SSIM_DIGITS = MEASURE["ssim"].digits + 1
MAX_HOURS_RATIO = 1.15  # longest over shortest training; a busy machine is about 10 % slower


def comparison_headline(comparison: Comparison) -> str:
    """Name the method with the highest SSIM and count the significant differences."""
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
    significant_count = sum(p < SIGNIFICANT_BELOW for p in tested)
    return (
        f"{first}{'; ' if others else ''}{others}. Of {len(tested)} paired differences from"
        f" {comparison.against}, {significant_count} remain significant at {SIGNIFICANT_BELOW:g}"
        " after Holm's correction."
    )


def comparison_cautions(comparison: Comparison) -> list[str]:
    """Cautions that a reader needs before trusting the numbers."""
    results = comparison.results
    sentences = cautions_of(comparison)
    sentences += [
        f"{failure.name} was not scored: {failure.reason}." for failure in comparison.failures
    ]
    if comparison.left_out:
        listed = "; ".join(
            f"{failure.name} ({failure.reason})" for failure in comparison.left_out[:MOST_LISTED]
        )
        more = "; …" if len(comparison.left_out) > MOST_LISTED else ""
        cases = counted(len(comparison.left_out), "case was", "cases were")
        pronoun = "it" if len(comparison.left_out) == 1 else "them"
        sentences.append(
            f"{cases} left out for all methods because some methods lack {pronoun}: {listed}{more}."
        )
    moved = {name for result in results for name in result.facts.resampled}
    if moved:
        cases = counted(sum(bool(result.facts.resampled) for result in results), "case", "cases")
        sentences.append(
            f"In {cases}, volumes were on a different grid from the reference and were resampled"
            f" onto it before scoring: {', '.join(sorted(moved))}."
        )
    for name in comparison.names:
        sentences += on_uncovered(results, name)
    if all(result.pair.source is None for result in results):
        sentences.append("No case has a source, so two of the three baselines are missing.")
    if len({result.facts.unit for result in results}) > 1:
        sentences.append(
            f"Units differ between cases ({unit_of(results)}), so means over cases are meaningless."
        )
    sentences += [*_unequal_training(comparison), *_outdone(comparison)]
    return [*sentences, *on_images(comparison.summary), *on_tests(comparison.summary)]


def cautions_of(comparison: Comparison) -> list[str]:
    """Cautions to show with every copy of the table."""
    sentences = []
    for contestant in comparison.contestants:
        name = contestant.name
        status = {case.pair.name: case.facts.known.get(name, "") for case in comparison.results}
        notes = notes_on_scored(status)
        sentences += [*contestant.cautions, *(f"{name}: {note}" for note in notes)]
    return sentences


def perfect_sentences(comparison: Comparison) -> list[str]:
    """Sentences on the scores of a perfect network with each contestant's target scale."""
    sentences = {
        name: perfect_sentence(comparison.summary, method=name) for name in comparison.names
    }
    return [f"{name}: {sentence}" for name, sentence in sentences.items() if sentence]


def _unequal_training(comparison: Comparison) -> Iterator[str]:
    hours = {
        contestant.name: contestant.costs.training_hours
        for contestant in comparison.contestants
        if contestant.costs.training_hours
    }
    if hours and max(hours.values()) > MAX_HOURS_RATIO * min(hours.values()):
        listed = ", ".join(f"{name} {significant(value)}" for name, value in hours.items())
        yield f"The training times are not equal; in hours they are: {listed}."


def _outdone(comparison: Comparison) -> Iterator[str]:
    """Sentences on untrained baselines with a higher SSIM than every method."""
    intervals = comparison.summary.intervals
    highest = max(intervals[name]["ssim"].mean for name in comparison.names)
    for name in BASELINES:
        if name in intervals and intervals[name]["ssim"].mean > highest:
            mean = number(intervals[name]["ssim"].mean, SSIM_DIGITS)
            yield (
                f"The {name}, a baseline without training, has a higher SSIM ({mean}) than every"
                " method here."
            )


def difference_groups(comparison: Comparison) -> dict[str, list[dict[str, str]]]:
    """Group the rows of paired differences by method."""
    unit = unit_of(comparison.results)
    groups: dict[str, list[dict[str, str]]] = {}
    for row in comparison.summary.comparisons:
        groups.setdefault(row.method, []).append(difference_words(row, unit=unit))
    return groups


def slice_sentences(comparison: Comparison) -> list[str]:
    """Sentence for each tested method on its slice consistency compared with `against`."""
    jitter = {row.method: row for row in comparison.jitter}
    return [
        f"{row.method} {_verdict(row, comparison)}:"
        f" {_numbers(row, comparison)}{_tested(row)}. The jitter of its slice brightness is"
        f" {_numbers(jitter[row.method], comparison)}."
        for row in comparison.summary.comparisons
        if row.metric == CONSISTENCY_MEASURE
    ]


def _verdict(row: PairedDifference, comparison: Comparison) -> str:
    """Predicate chosen by the interval, with "perhaps" unless significant; lower is better."""
    low, high = row.difference.low, row.difference.high
    if math.isnan(low):
        return f"is compared with {comparison.against} by its consistency between slices"
    if low <= 0 <= high:
        return f"does not clearly differ from {comparison.against} in consistency between slices"
    is_significant = row.p_holm is not None and row.p_holm < SIGNIFICANT_BELOW
    word = "more consistent" if high < 0 else "less consistent"
    return (
        f"is {'' if is_significant else 'perhaps '}{word} from slice to slice than"
        f" {comparison.against}"
    )


def _numbers(row: PairedDifference, comparison: Comparison) -> str:
    measure, unit = MEASURE[row.metric], unit_of(comparison.results)
    means = [
        comparison.summary.intervals[name][row.metric].mean for name in (row.method, row.against)
    ]
    words = difference_words(row, unit=unit)
    own, other = (measured(mean, measure) for mean in means)
    interval = f" ({words['span']})" if words["span"] != UNKNOWN else ""
    return (
        f"{own} against {other} {measure_unit(measure, unit)}, a difference of"
        f" {words['difference']}{interval}"
    )


def _tested(row: PairedDifference) -> str:
    if row.p_holm is None:
        return ""
    p_holm = difference_words(row, unit="")["holm"]
    return f", p {p_holm if p_holm.startswith('<') else f'= {p_holm}'} after Holm's correction"


def method_words(comparison: Comparison) -> Sequence[tuple[str, str]]:
    """Name of each contestant with its method and settings in words."""
    return [
        (contestant.name, contestant.method)
        for contestant in comparison.contestants
        if contestant.method
    ]
