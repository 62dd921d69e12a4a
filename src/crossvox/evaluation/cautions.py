"""What a reader must know before believing the numbers of a report."""

from collections.abc import Sequence

from crossvox.evaluation.inception_features import too_few_images
from crossvox.evaluation.results import SYNTHESIZED, CaseResult, Evaluation, Summary
from crossvox.evaluation.statistics import FEWEST_FOR_A_TEST, smallest_p
from crossvox.evaluation.wording import counted, percent, unit_of

SIGNIFICANT_BELOW = 0.05
LISTED = 8


def cautions(evaluation: Evaluation) -> list[str]:
    """What a reader must know before believing the numbers."""
    results, found = evaluation.results, [*evaluation.notes]
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
            f" reference; they were resampled onto it before scoring: {names}"
        )
    found += on_uncovered(results, SYNTHESIZED)
    if all(result.pair.source is None for result in results):
        found.append("Without sources two of the three baselines are missing.")
    if len({result.facts.unit for result in results}) > 1:
        found.append(f"Units differ between cases: {unit_of(results)}; means of them are void.")
    return [*found, *on_images(evaluation.summary), *on_tests(evaluation.summary)]


def on_uncovered(results: Sequence[CaseResult], method: str) -> list[str]:
    """Which cases a method's volumes do not cover; empty where they cover all."""
    shares = {result.pair.name: result.facts.uncovered.get(method, 0.0) for result in results}
    partial = {name: share for name, share in shares.items() if share > 0}
    if not partial:
        return []
    worst = sorted(partial, key=lambda name: -partial[name])[:LISTED]
    listed = ", ".join(f"{name} {percent(partial[name])}" for name in worst)
    more = ", …" if len(partial) > LISTED else ""
    return [
        f"The {method} volume does not cover the whole mask of"
        f" {counted(len(partial), 'case', 'cases')}; what it lacks counts as its lowest intensity."
        f" Share of the mask: {listed}{more}"
    ]


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
