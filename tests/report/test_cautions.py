"""Cautions that evaluations and comparisons share."""

from dataclasses import replace

import pytest

from crossvox.evaluation import Evaluation
from crossvox.report.cautions import on_images, on_tests, on_uncovered


@pytest.mark.parametrize(
    ("people", "rows", "told"),
    [
        (5, 15, "no signed-rank test"),
        (6, 1, ""),
        (6, 2, "no p-value can be significant"),
        (20, 15, ""),
    ],
)
def test_six_people_can_be_significant_and_fewer_or_more_comparisons_cannot(
    evaluated: Evaluation, people: int, rows: int, told: str
) -> None:
    # six people: the smallest p is 2 / 2^6 = .031, which one comparison leaves below .05
    summary = evaluated.summary
    few = replace(summary, subjects=people, comparisons=summary.comparisons[:1] * rows)
    cautions = on_tests(few)
    assert bool(cautions) == bool(told)
    assert told in " ".join(cautions)


def test_nothing_is_said_of_images_that_were_not_measured(evaluated: Evaluation) -> None:
    assert on_images(evaluated.summary) == []


def test_volumes_that_cover_everything_need_no_caution(evaluated: Evaluation) -> None:
    assert on_uncovered(evaluated.results, "synthesized") == []
