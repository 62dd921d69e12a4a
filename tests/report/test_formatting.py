import math

import pytest

from crossvox.report.formatting import (
    counted,
    decimals,
    fixed,
    measured,
    number,
    p_value,
    percent,
    significant,
    span,
)
from crossvox.scoring.measures import MEASURES
from crossvox.scoring.statistics import Interval

MINUS = "\N{MINUS SIGN}"
MEASURE = {measure.name: measure for measure in MEASURES}


@pytest.mark.parametrize(
    ("value", "written"),
    [(184.9123, "184.9"), (12.3456, "12.35"), (-0.012345, f"{MINUS}0.0123"), (12345.6, "12346")],
)
def test_values_in_the_target_s_unit_have_four_significant_digits(
    value: float, written: str
) -> None:
    assert measured(value, MEASURE["mae"]) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2e-5, "0.00002000"),
        (0.004321, "0.004321"),
        (5.1234e-10, f"5.123e{MINUS}10"),
        (0.0, "0"),
    ],
)
def test_small_values_keep_four_significant_digits(value: float, written: str) -> None:
    assert measured(value, MEASURE["mae"]) == written


def test_a_small_value_without_a_unit_is_no_row_of_zeros() -> None:
    assert measured(0.0000412, MEASURE["nmae"]) == "0.00004120"
    assert measured(0.0, MEASURE["nmae"]) == "0.000"
    assert fixed(0.0000412, 4) == "0.00004120"
    assert fixed(0.0412, 4) == "0.0412"
    assert fixed(0.0, 4) == "0.0000"
    assert number(0.0, 12) == "0"


def test_a_share_that_is_not_nothing_is_not_zero_per_cent() -> None:
    assert percent(0.123) == "12.3 %"
    assert percent(0.0) == "0 %"
    assert percent(0.00001) == "0.001000 %"


def test_values_without_a_unit_have_their_own_digits() -> None:
    assert measured(0.87654, MEASURE["ssim"]) == "0.877"
    assert measured(27.456, MEASURE["psnr"]) == "27.46"


def test_values_that_stand_together_share_the_digits_of_the_largest() -> None:
    assert decimals([0.004, 161.2, math.nan], MEASURE["bias"]) == 1


def test_what_has_no_digits_is_a_word() -> None:
    assert number(math.nan, 2) == "n/a"
    assert number(math.inf, 2) == "inf (identical)"
    assert number(-math.inf, 2) == f"{MINUS}inf"
    assert number(-0.001, 1) == "0.0"


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.4123, "0.412"), (21.34, "21.3"), (426.0, "426"), (12345.0, "12345"), (0.0, "0")],
)
def test_costs_have_three_significant_digits_and_no_exponent(value: float, written: str) -> None:
    assert significant(value) == written


def test_an_interval_that_is_unknown_is_left_out() -> None:
    assert span(Interval(mean=1, low=math.nan, high=math.nan, n=1), 2) == ""
    assert span(Interval(mean=1, low=-1, high=2, n=4), 1) == f"{MINUS}1.0 to 2.0"


def test_a_p_value_is_never_zero() -> None:
    assert p_value(1e-9) == "< 0.001"
    assert p_value(0.04321) == "0.043"
    assert p_value(None) == "n/a"


def test_one_is_counted_apart_from_many() -> None:
    assert counted(1, "person", "people") == "1 person"
    assert counted(2, "person", "people") == "2 people"
