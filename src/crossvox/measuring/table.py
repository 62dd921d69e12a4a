"""Benchmark results as Markdown and CSV tables, with a ratio beside all times."""

import csv
import io
from collections.abc import Iterable, Sequence

from crossvox.measuring.facts import Facts
from crossvox.measuring.rounds import Outcome
from crossvox.variants.cost import Cost

GIB, GIGA, MILLION = 2**30, 1e9, 1e6
COLUMNS = (
    "variant", "group", "extent", "overlap", "precision", "order", "pages", "passes", "works",
    "median_seconds", "shortest_seconds", "longest_seconds", "ratio", "operations", "parameters",
    "page_faults", "peak_bytes", "failure",
)  # fmt: skip
UNCOUNTED = "n/a"  # value that could not be measured


def markdown_table(outcomes: Sequence[Outcome], *, fast: str) -> str:
    """Format a row for each variant, and another for each of its numbers of passes per volume.

    Args:
        outcomes: Outcomes of the variants; ratios are relative to the first.
        fast: Precision that "fast" stands for on this machine.
    """
    first = outcomes[0].seconds
    lines = [
        f"| variant | run | pages | times {outcomes[0].variant.name} | seconds"
        " | shortest to longest | GFLOP | M parameters | page faults | peak GiB |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for outcome in outcomes:
        lines += _rows(outcome, first=first, fast=fast)
    return "\n".join(lines)


def markdown_facts(facts: Facts) -> str:
    """Format facts as a Markdown list."""
    return "\n".join(f"- {name}: {value}" for name, value in facts)


def csv_table(outcomes: Sequence[Outcome], *, fast: str) -> str:
    """Format `markdown_table` as CSV; `passes` is 1 in measured rows, above 1 in products."""
    first = outcomes[0].seconds
    rows = [_values(outcome, 1, first=first, fast=fast) for outcome in outcomes]
    rows += [
        _values(outcome, passes, first=first, fast=fast)
        for outcome in outcomes
        for passes in outcome.variant.products
        if outcome.measurements
    ]
    return _csv(COLUMNS, rows)


def csv_rounds(outcomes: Iterable[Outcome]) -> str:
    """Format every single measurement as CSV."""
    rows = [
        (outcome.variant.name, number, work, run.seconds, run.page_faults, run.peak_bytes)
        for outcome in outcomes
        for number, turn in enumerate(outcome.turns, start=1)
        for work, run in enumerate(turn, start=1)
    ]
    return _csv(("variant", "round", "work", "seconds", "page_faults", "peak_bytes"), rows)


def _rows(outcome: Outcome, *, first: float, fast: str) -> list[str]:
    variant = outcome.variant
    head = f"{variant.treatment.in_words(fast=fast)} | {variant.pages}"
    if not outcome.measurements:
        reason = outcome.failure.replace("|", "/")
        return [f"| {variant.name} | {head} | failed: {reason} | | | | | | |"]
    times = [run.seconds for run in outcome.measurements]
    faults = UNCOUNTED if outcome.page_faults is None else f"{outcome.page_faults:,}"
    peak = UNCOUNTED if outcome.peak_bytes is None else f"{outcome.peak_bytes / GIB:.2f}"
    seconds = outcome.seconds
    return [
        f"| {variant.name} | {head} | {seconds / first:,.2f} | {_seconds(seconds)}"
        f" | {_seconds(min(times))} to {_seconds(max(times))} | {_size(outcome.cost, passes=1)}"
        f" | {faults} | {peak} |",
        *(
            f"| {variant.name}, x {passes} (product) | {head} | {passes * seconds / first:,.0f}"
            f" | {passes * seconds:,.0f} | | {_size(outcome.cost, passes=passes)} | | |"
            for passes in variant.products
        ),
    ]


def _size(cost: Cost | None, *, passes: int) -> str:
    if cost is None:
        return f"{UNCOUNTED} | {UNCOUNTED}"
    operations = passes * cost.operations / GIGA
    return f"{operations:,.0f} | {cost.parameters / MILLION:.2f}"


def _values(outcome: Outcome, passes: int, *, first: float, fast: str) -> tuple[object, ...]:
    variant, treatment = outcome.variant, outcome.variant.treatment
    precision = treatment.precision_in_words(fast=fast)
    run = (treatment.extent, treatment.overlap, precision, treatment.order, variant.pages)
    head = (variant.name, variant.group, *run, passes, len(outcome.measurements))
    cost = outcome.cost
    size = (passes * cost.operations, cost.parameters) if cost else ("", "")
    if not outcome.measurements:
        return (*head, "", "", "", "", *size, "", "", outcome.failure)
    times = [passes * run.seconds for run in outcome.measurements]
    median = passes * outcome.seconds
    seconds = (median, min(times), max(times), median / first)
    return (*head, *seconds, *size, outcome.page_faults, outcome.peak_bytes, "")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return text.getvalue()


def _seconds(value: float) -> str:
    return f"{value:#.3g}"
