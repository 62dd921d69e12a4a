"""Cautions that a reader needs before trusting the numbers of a report."""

from collections.abc import Sequence

from crossvox.report.formatting import counted, percent
from crossvox.scoring.inception_features import too_few_images
from crossvox.scoring.results import CaseResult, Summary
from crossvox.scoring.statistics import FEWEST_FOR_A_TEST, smallest_p

SIGNIFICANT_BELOW = 0.05  # p-value
MOST_LISTED = 8  # names in a sentence


def on_uncovered(results: Sequence[CaseResult], method: str) -> list[str]:
    """Caution about cases that a method's volumes do not fully cover; empty if there are none."""
    shares = {result.pair.name: result.facts.uncovered.get(method, 0.0) for result in results}
    partial = {name: share for name, share in shares.items() if share > 0}
    if not partial:
        return []
    worst = sorted(partial, key=lambda name: -partial[name])[:MOST_LISTED]
    listed = ", ".join(f"{name} {percent(partial[name])}" for name in worst)
    more = ", …" if len(partial) > MOST_LISTED else ""
    return [
        f"The {method} volume does not cover the whole mask of"
        f" {counted(len(partial), 'case', 'cases')}; the missing part counts as the volume's lowest"
        f" intensity. Share of the mask that is missing: {listed}{more}."
    ]


def on_images(summary: Summary) -> list[str]:
    """Caution about an FID from few slices; empty without FID, or with enough slices."""
    warning = too_few_images(summary.images) if summary.fid else None
    return [] if warning is None else [warning]


def on_tests(summary: Summary) -> list[str]:
    """Caution that there are too few people for significance; empty if there are enough."""
    people, rows = summary.subjects, len(summary.comparisons)
    if people < FEWEST_FOR_A_TEST:
        return [
            f"With {counted(people, 'person', 'people')} no signed-rank test can be significant"
            f" (the smallest possible p-value is {smallest_p(people):.3g}), so no p-value is given."
            " The 95 % intervals over so few people are too narrow."
        ]
    if rows and smallest_p(people) * rows > SIGNIFICANT_BELOW:
        return [
            f"With {people} people and {rows} comparisons no p-value can be significant after"
            " Holm's correction (the smallest possible p-value is"
            f" {smallest_p(people) * rows:.3g})."
        ]
    return []
