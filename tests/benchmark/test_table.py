"""What was measured, as tables."""

import csv
from dataclasses import replace

import pytest

from crossvox.benchmark.process import Measurement
from crossvox.benchmark.rounds import Outcome
from crossvox.benchmark.table import (
    COLUMNS,
    csv_rounds,
    csv_table,
    markdown_facts,
    markdown_table,
)
from crossvox.benchmark.variant import Variant


def variant(name: str) -> Variant:
    return Variant(name=name, group="ours", load=lambda _setting: lambda: None, pages="kept")


def outcome(name: str, *seconds: float, products: tuple[int, ...] = ()) -> Outcome:
    measurements = tuple(
        Measurement(seconds=one, page_faults=1234, peak_bytes=2**30) for one in seconds
    )
    return Outcome(variant=replace(variant(name), products=products), turns=(measurements,))


OUTCOMES = (
    outcome("ours", 0.5, 0.4, 0.6),
    outcome("steps", 2.0, 1.0, 3.0, products=(50, 1000)),
    Outcome(variant=variant("broken"), failure="no memory | at all"),
)


def test_seconds_never_stand_without_their_ratio_to_the_first() -> None:
    lines = markdown_table(OUTCOMES).splitlines()
    assert lines[2:] == [
        "| ours | kept | 1.00 | 0.500 | 0.400 to 0.600 | 1,234 | 1.00 |",
        "| steps | kept | 4.00 | 2.00 | 1.00 to 3.00 | 1,234 | 1.00 |",
        "| steps, x 50 (product) | kept | 200 | 100 | | | |",
        "| steps, x 1000 (product) | kept | 4,000 | 2,000 | | | |",
        "| broken | kept | failed: no memory / at all | | | | |",
    ]
    assert {line.count("|") for line in lines} == {8}


def test_the_csv_says_the_same_with_products_apart() -> None:
    rows = list(csv.DictReader(csv_table(OUTCOMES).splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["variant"], row["passes"]) for row in rows] == [
        ("ours", "1"), ("steps", "1"), ("broken", "1"), ("steps", "50"), ("steps", "1000")
    ]  # fmt: skip
    for row in rows:
        if not row["failure"]:
            assert float(row["ratio"]) == pytest.approx(float(row["median_seconds"]) / 0.5)
    assert rows[2]["failure"] == "no memory | at all"


def test_every_round_is_kept() -> None:
    rows = list(csv.DictReader(csv_rounds(OUTCOMES).splitlines()))
    assert [(row["variant"], row["round"], row["work"], row["seconds"]) for row in rows[2:4]] == [
        ("ours", "1", "3", "0.6"),
        ("steps", "1", "1", "2.0"),
    ]


def test_what_no_one_counts_is_not_available() -> None:
    uncounted = Measurement(seconds=1.0, page_faults=None, peak_bytes=None)
    table = markdown_table([Outcome(variant=variant("ours"), turns=((uncounted,),))])
    assert table.splitlines()[-1] == "| ours | kept | 1.00 | 1.00 | 1.00 to 1.00 | n/a | n/a |"


def test_facts_are_a_list_of_their_own() -> None:
    assert markdown_facts((("threads", "2"), ("date", "today"))) == "- threads: 2\n- date: today"
