"""What a reader must know before believing the numbers of a report."""

from collections.abc import Sequence

from crossvox.report.formatting import counted, percent
from crossvox.scoring.inception_features import too_few_images
from crossvox.scoring.results import CaseResult, Summary
from crossvox.scoring.statistics import FEWEST_FOR_A_TEST, smallest_p

SIGNIFICANT_BELOW = 0.05
LISTED = 8


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
