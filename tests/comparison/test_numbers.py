import math

import pytest

from crossvox.comparison import Comparison
from crossvox.comparison.numbers import numbers_of


def test_the_paper_s_four_measures_come_first(compared: Comparison) -> None:
    row = numbers_of(compared)["steady"]
    measures = [name for name in row if not name.endswith(("_low", "_high"))]
    assert measures[:6] == ["people", "ssim", "fid", "mae", "rmse", "psnr"]


def test_a_row_holds_the_means_of_the_summary_and_nothing_where_unknown(
    compared: Comparison,
) -> None:
    table = numbers_of(compared)
    assert table["steady"]["mae"] == compared.summary.intervals["steady"]["mae"].mean
    assert table["steady"]["people"] == 3
    assert math.isnan(table["steady"]["fid"])
    assert math.isnan(table["copied source"]["seconds"])


def test_times_are_over_the_slowest_and_a_thousand_steps_are_a_product(
    compared: Comparison,
) -> None:
    table = numbers_of(compared)
    # the fixture: noise 10 takes 11 s in 11 passes, noise 30 takes 31 s in 31
    assert table["steady"]["times_faster"] == pytest.approx(31 / 11)
    assert table["shaky"]["times_faster"] == 1
    assert table["shaky"]["seconds_of_1000_steps"] == pytest.approx(1000)
    assert math.isnan(table["perfect"]["seconds_of_1000_steps"])
