"""Format numbers, intervals and units for readers."""

import math
from collections.abc import Iterable, Sequence

from crossvox.scoring.measure import Measure
from crossvox.scoring.results import CaseResult
from crossvox.scoring.statistics import Interval, PairedDifference

UNITS = {"arbitrary": "scanner units", "normalized": "of network scale"}
UNKNOWN = "n/a"
SIGNIFICANT_DIGITS = 4
MOST_DECIMALS = 4
SMALL_VALUE = 0.01  # below it four decimals would show fewer than two significant digits
MOST_WITHOUT_EXPONENT = 8
MINUS = "\N{MINUS SIGN}"
SMALLEST_SHOWN_P = 0.001


def unit_of(results: Sequence[CaseResult]) -> str:
    """Unit of the target in words, or several units if cases differ."""
    units = sorted({result.facts.unit for result in results})
    return " or ".join(UNITS.get(unit, unit) for unit in units)


def measure_unit(measure: Measure, unit: str) -> str:
    """Unit of a measure in words, where `unit` is the target's."""
    return measure.unit.replace("target", unit)


def decimals(values: Iterable[float], measure: Measure) -> int:
    """Number of decimals for values shown together, chosen by the largest of them."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if not measure.unit.startswith(("target", "HU")):
        tiny = 0 < largest < 10**-measure.digits
        return _significant_decimals(largest, SIGNIFICANT_DIGITS) if tiny else measure.digits
    if largest == 0:
        return 0
    places = max(_significant_decimals(largest, SIGNIFICANT_DIGITS), 0)
    return min(places, MOST_DECIMALS) if largest >= SMALL_VALUE else places


def number(value: float, digits: int) -> str:
    """Format a value with `digits` decimals and a true minus sign."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "inf (identical)" if value > 0 else f"{MINUS}inf"
    if digits > MOST_WITHOUT_EXPONENT:
        return "0" if value == 0 else f"{value:.{SIGNIFICANT_DIGITS - 1}e}".replace("-", MINUS)
    rounded = round(value, digits) or 0.0  # no minus before a zero
    return f"{rounded:.{digits}f}".replace("-", MINUS)


def measured(value: float, measure: Measure) -> str:
    """Format a single value of a measure."""
    return number(value, decimals([value], measure))


def significant(value: float, digits: int = 3) -> str:
    """Format a single value with `digits` significant digits."""
    if not math.isfinite(value) or value == 0:
        return number(value, 0)
    return number(value, max(0, _significant_decimals(abs(value), digits)))


def fixed(value: float, digits: int) -> str:
    """Format with `digits` decimals, or four significant digits if all would be zero."""
    if value != 0 and math.isfinite(value) and round(value, digits) == 0:
        return significant(value, SIGNIFICANT_DIGITS)
    return number(value, digits)


def percent(share: float) -> str:
    """Format a share from 0 to 1 as a percentage; a nonzero share is never shown as 0 %."""
    return f"{fixed(100 * share, 1)} %" if share else "0 %"


def span(interval: Interval, digits: int) -> str:
    """Format the ends of an interval; empty if it has none."""
    if math.isnan(interval.low):
        return ""
    return f"{number(interval.low, digits)} to {number(interval.high, digits)}"


def ends_of(intervals: Iterable[Interval]) -> list[float]:
    """Means and both ends of all intervals."""
    return [
        value for interval in intervals for value in (interval.mean, interval.low, interval.high)
    ]


def p_value(value: float | None) -> str:
    """Format a p-value, or n/a for None."""
    if value is None:
        return UNKNOWN
    return "< 0.001" if value < SMALLEST_SHOWN_P else f"{value:.3f}"


def wins(comparison: PairedDifference) -> str:
    """Format the win rate as a percentage of the subjects."""
    if math.isnan(comparison.win_rate):
        return UNKNOWN
    return f"{comparison.win_rate:.0%}"


def counted(number_of: int, one: str, many: str) -> str:
    """Format a count with its noun in the singular or plural."""
    return f"{number_of} {one if number_of == 1 else many}"


def _significant_decimals(value: float, digits: int) -> int:
    return digits - 1 - math.floor(math.log10(value))
