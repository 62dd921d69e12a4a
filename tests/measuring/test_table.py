"""What was measured, as tables."""

import csv
from dataclasses import replace

import pytest

from crossvox.measuring.process import Measurement
from crossvox.measuring.rounds import Outcome
from crossvox.measuring.table import (
    COLUMNS,
    csv_rounds,
    csv_table,
    markdown_facts,
    markdown_table,
)
from crossvox.variants.cost import Cost
from crossvox.variants.variant import AS_OURS, Variant

COST = Cost(operations=1_495_000_000_000, parameters=16_540_000)
RUN = "whole, float32, contiguous | kept"


def variant(name: str) -> Variant:
    return Variant(name=name, group="ours", load=lambda _setting: lambda: None, pages="kept")


def outcome(name: str, *seconds: float, products: tuple[int, ...] = ()) -> Outcome:
    measurements = tuple(
        Measurement(seconds=one, page_faults=1234, peak_bytes=2**30) for one in seconds
    )
    chosen = replace(variant(name), products=products)
    return Outcome(variant=chosen, turns=(measurements,), cost=COST)


OUTCOMES = (
    outcome("ours", 0.5, 0.4, 0.6),
    outcome("steps", 2.0, 1.0, 3.0, products=(50, 1000)),
    Outcome(variant=variant("broken"), failure="no memory | at all"),
)


def test_seconds_never_stand_without_their_ratio_to_the_first() -> None:
    lines = markdown_table(OUTCOMES, fast="bfloat16").splitlines()
    assert lines[2:] == [
        f"| ours | {RUN} | 1.00 | 0.500 | 0.400 to 0.600 | 1,495 | 16.54 | 1,234 | 1.00 |",
        f"| steps | {RUN} | 4.00 | 2.00 | 1.00 to 3.00 | 1,495 | 16.54 | 1,234 | 1.00 |",
        f"| steps, x 50 (product) | {RUN} | 200 | 100 | | 74,750 | 16.54 | | |",
        f"| steps, x 1000 (product) | {RUN} | 4,000 | 2,000 | | 1,495,000 | 16.54 | | |",
        f"| broken | {RUN} | failed: no memory / at all | | | | | | |",
    ]
    assert {line.count("|") for line in lines} == {11}


def test_the_csv_says_the_same_with_products_apart() -> None:
    rows = list(csv.DictReader(csv_table(OUTCOMES, fast="bfloat16").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["variant"], row["passes"]) for row in rows] == [
        ("ours", "1"), ("steps", "1"), ("broken", "1"), ("steps", "50"), ("steps", "1000")
    ]  # fmt: skip
    for row in rows:
        if not row["failure"]:
            assert float(row["ratio"]) == pytest.approx(float(row["median_seconds"]) / 0.5)
    assert rows[2]["failure"] == "no memory | at all"


def test_the_csv_says_how_each_was_run_and_what_it_cost() -> None:
    fast = replace(OUTCOMES[0], variant=replace(variant("ours"), treatment=AS_OURS))
    (row,) = csv.DictReader(csv_table([fast], fast="bfloat16").splitlines())
    assert (row["extent"], row["precision"], row["order"]) == (
        "whole", "bfloat16", "channels last"
    )  # fmt: skip
    assert (row["operations"], row["parameters"]) == ("1495000000000", "16540000")


def test_every_round_is_kept() -> None:
    rows = list(csv.DictReader(csv_rounds(OUTCOMES).splitlines()))
    assert [(row["variant"], row["round"], row["work"], row["seconds"]) for row in rows[2:4]] == [
        ("ours", "1", "3", "0.6"),
        ("steps", "1", "1", "2.0"),
    ]


def test_what_no_one_counts_is_not_available() -> None:
    uncounted = Measurement(seconds=1.0, page_faults=None, peak_bytes=None)
    outcome = Outcome(variant=variant("ours"), turns=((uncounted,),))
    row = markdown_table([outcome], fast="float32").splitlines()[-1]
    assert row == f"| ours | {RUN} | 1.00 | 1.00 | 1.00 to 1.00 | n/a | n/a | n/a | n/a |"


def test_facts_are_a_list_of_their_own() -> None:
    assert markdown_facts((("threads", "2"), ("date", "today"))) == "- threads: 2\n- date: today"
