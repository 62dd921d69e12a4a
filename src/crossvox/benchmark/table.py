"""What was measured as Markdown and CSV: seconds never stand without a ratio."""

import csv
import io
from collections.abc import Iterable, Sequence

from crossvox.benchmark.facts import Facts
from crossvox.benchmark.rounds import Outcome

GIB = 2**30
COLUMNS = (
    "variant", "group", "pages", "passes", "works", "median_seconds", "shortest_seconds",
    "longest_seconds", "ratio", "page_faults", "peak_bytes", "failure",
)  # fmt: skip


def markdown_table(outcomes: Sequence[Outcome]) -> str:
    """A row for each variant, and one for each product of its passes.

    Args:
        outcomes: The first is what ratios are taken to.
    """
    first = outcomes[0].seconds
    lines = [
        f"| variant | pages | times {outcomes[0].variant.name} | seconds | shortest to longest"
        " | page faults | peak GiB |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for outcome in outcomes:
        lines += _rows(outcome, first=first)
    return "\n".join(lines)


def markdown_facts(facts: Facts) -> str:
    """One line for each."""
    return "\n".join(f"- {name}: {value}" for name, value in facts)


def csv_table(outcomes: Sequence[Outcome]) -> str:
    """`markdown_table` for programs; `passes` is 1 where it was measured, else a product."""
    first = outcomes[0].seconds
    rows = [_values(one, 1, first=first) for one in outcomes]
    rows += [
        _values(one, passes, first=first)
        for one in outcomes
        for passes in one.variant.products
        if one.measurements
    ]
    return _csv(COLUMNS, rows)


def csv_rounds(outcomes: Iterable[Outcome]) -> str:
    """Every single measurement."""
    rows = [
        (one.variant.name, number, work, found.seconds, found.page_faults, found.peak_bytes)
        for one in outcomes
        for number, turn in enumerate(one.turns, start=1)
        for work, found in enumerate(turn, start=1)
    ]
    return _csv(("variant", "round", "work", "seconds", "page_faults", "peak_bytes"), rows)


def _rows(outcome: Outcome, *, first: float) -> list[str]:
    name, pages = outcome.variant.name, outcome.variant.pages
    if not outcome.measurements:
        return [f"| {name} | {pages} | failed: {outcome.failure.replace('|', '/')} | | | | |"]
    each = [one.seconds for one in outcome.measurements]
    faults = "n/a" if outcome.page_faults is None else f"{outcome.page_faults:,}"
    peak = "n/a" if outcome.peak_bytes is None else f"{outcome.peak_bytes / GIB:.2f}"
    seconds = outcome.seconds
    return [
        f"| {name} | {pages} | {seconds / first:,.2f} | {_seconds(seconds)}"
        f" | {_seconds(min(each))} to {_seconds(max(each))} | {faults} | {peak} |",
        *(
            f"| {name}, x {passes} (product) | {pages} | {passes * seconds / first:,.0f}"
            f" | {passes * seconds:,.0f} | | | |"
            for passes in outcome.variant.products
        ),
    ]


def _values(outcome: Outcome, passes: int, *, first: float) -> tuple[object, ...]:
    variant = outcome.variant
    head = (variant.name, variant.group, variant.pages, passes, len(outcome.measurements))
    if not outcome.measurements:
        return (*head, "", "", "", "", "", "", outcome.failure)
    each = [passes * one.seconds for one in outcome.measurements]
    median = passes * outcome.seconds
    found = (median, min(each), max(each), median / first)
    return (*head, *found, outcome.page_faults, outcome.peak_bytes, "")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return text.getvalue()


def _seconds(value: float) -> str:
    return f"{value:#.3g}"
