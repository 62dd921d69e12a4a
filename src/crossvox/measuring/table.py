"""What was measured as Markdown and CSV: seconds never stand without a ratio."""

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
UNCOUNTED = "n/a"


def markdown_table(outcomes: Sequence[Outcome], *, fast: str) -> str:
    """A row for each variant, and one for each product of its passes.

    Args:
        outcomes: The first is what ratios are taken to.
        fast: The precision that "fast" is on this machine.
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
    """One line for each."""
    return "\n".join(f"- {name}: {value}" for name, value in facts)


def csv_table(outcomes: Sequence[Outcome], *, fast: str) -> str:
    """`markdown_table` for programs; `passes` is 1 where it was measured, else a product."""
    first = outcomes[0].seconds
    rows = [_values(one, 1, first=first, fast=fast) for one in outcomes]
    rows += [
        _values(one, passes, first=first, fast=fast)
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


def _rows(outcome: Outcome, *, first: float, fast: str) -> list[str]:
    variant = outcome.variant
    head = f"{variant.treatment.in_words(fast=fast)} | {variant.pages}"
    if not outcome.measurements:
        reason = outcome.failure.replace("|", "/")
        return [f"| {variant.name} | {head} | failed: {reason} | | | | | | |"]
    each = [one.seconds for one in outcome.measurements]
    faults = UNCOUNTED if outcome.page_faults is None else f"{outcome.page_faults:,}"
    peak = UNCOUNTED if outcome.peak_bytes is None else f"{outcome.peak_bytes / GIB:.2f}"
    seconds = outcome.seconds
    return [
        f"| {variant.name} | {head} | {seconds / first:,.2f} | {_seconds(seconds)}"
        f" | {_seconds(min(each))} to {_seconds(max(each))} | {_size(outcome.cost, passes=1)}"
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
    each = [passes * one.seconds for one in outcome.measurements]
    median = passes * outcome.seconds
    seconds = (median, min(each), max(each), median / first)
    return (*head, *seconds, *size, outcome.page_faults, outcome.peak_bytes, "")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return text.getvalue()


def _seconds(value: float) -> str:
    return f"{value:#.3g}"
