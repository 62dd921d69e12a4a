"""Numbers and facts as a reader wants them written."""

import math
from collections.abc import Iterable, Sequence

from crossvox.evaluation.measures import Measure
from crossvox.evaluation.results import CaseResult
from crossvox.evaluation.statistics import Interval, PairedDifference

UNITS = {"arbitrary": "scanner units", "normalised": "of network scale"}
UNKNOWN = "n/a"
SIGNIFICANT = 4
MOST_DECIMALS = 4
MINUS = "\N{MINUS SIGN}"
SMALLEST_SHOWN_P = 0.001


def unit_of(results: Sequence[CaseResult]) -> str:
    """The target's unit in words; several where cases differ."""
    found = sorted({result.facts.unit for result in results})
    return " or ".join(UNITS.get(unit, unit) for unit in found)


def measure_unit(measure: Measure, unit: str) -> str:
    """The unit of a measure, `unit` being the target's."""
    return measure.unit.replace("target", unit)


def decimals(values: Iterable[float], measure: Measure) -> int:
    """Digits behind the point for values that stand together, by the largest of them."""
    if not measure.unit.startswith(("target", "HU")):
        return measure.digits
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0:
        return 0
    return min(max(SIGNIFICANT - 1 - math.floor(math.log10(largest)), 0), MOST_DECIMALS)


def number(value: float, digits: int) -> str:
    """A value with so many digits behind the point, and a minus that is one."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "inf (identical)" if value > 0 else f"{MINUS}inf"
    rounded = round(value, digits) or 0.0  # no minus before a zero
    return f"{rounded:.{digits}f}".replace("-", MINUS)


def measured(value: float, measure: Measure) -> str:
    """A value that stands alone."""
    return number(value, decimals([value], measure))


def significant(value: float, digits: int = 3) -> str:
    """A value that stands alone, with so many significant digits and no exponent."""
    if not math.isfinite(value) or value == 0:
        return number(value, 0)
    return number(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))))


def span(interval: Interval, digits: int) -> str:
    """From where to where an interval goes, empty where there is none."""
    if math.isnan(interval.low):
        return ""
    return f"{number(interval.low, digits)} to {number(interval.high, digits)}"


def ends_of(intervals: Iterable[Interval]) -> list[float]:
    """Every mean and every end."""
    return [
        value for interval in intervals for value in (interval.mean, interval.low, interval.high)
    ]


def p_value(value: float | None) -> str:
    """A p value, or that there is none."""
    if value is None:
        return UNKNOWN
    return "< 0.001" if value < SMALLEST_SHOWN_P else f"{value:.3f}"


def wins(comparison: PairedDifference) -> str:
    """The win rate as a share of the subjects."""
    if math.isnan(comparison.win_rate):
        return UNKNOWN
    return f"{comparison.win_rate:.0%}"


def counted(number_of: int, one: str, many: str) -> str:
    """How many there are, with the right noun."""
    return f"{number_of} {one if number_of == 1 else many}"
