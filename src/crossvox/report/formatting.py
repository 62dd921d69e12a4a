"""Numbers and facts as a reader wants them written."""

import math
from collections.abc import Iterable, Sequence

from crossvox.scoring.measure import Measure
from crossvox.scoring.results import CaseResult
from crossvox.scoring.statistics import Interval, PairedDifference

UNITS = {"arbitrary": "scanner units", "normalized": "of network scale"}
UNKNOWN = "n/a"
SIGNIFICANT = 4
MOST_DECIMALS = 4
SMALL = 0.01  # below it four decimals would show fewer than two significant digits
MOST_WITHOUT_EXPONENT = 8
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
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if not measure.unit.startswith(("target", "HU")):
        tiny = 0 < largest < 10**-measure.digits
        return _significant_decimals(largest, SIGNIFICANT) if tiny else measure.digits
    if largest == 0:
        return 0
    wanted = max(_significant_decimals(largest, SIGNIFICANT), 0)
    return min(wanted, MOST_DECIMALS) if largest >= SMALL else wanted


def number(value: float, digits: int) -> str:
    """A value with so many digits behind the point, and a minus that is one."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "inf (identical)" if value > 0 else f"{MINUS}inf"
    if digits > MOST_WITHOUT_EXPONENT:
        return "0" if value == 0 else f"{value:.{SIGNIFICANT - 1}e}".replace("-", MINUS)
    rounded = round(value, digits) or 0.0  # no minus before a zero
    return f"{rounded:.{digits}f}".replace("-", MINUS)


def measured(value: float, measure: Measure) -> str:
    """A value that stands alone."""
    return number(value, decimals([value], measure))


def significant(value: float, digits: int = 3) -> str:
    """A value that stands alone, with so many significant digits and no exponent."""
    if not math.isfinite(value) or value == 0:
        return number(value, 0)
    return number(value, max(0, _significant_decimals(abs(value), digits)))


def fixed(value: float, digits: int) -> str:
    """A value with so many digits behind the point; four significant ones if all were zeros."""
    if value != 0 and math.isfinite(value) and round(value, digits) == 0:
        return significant(value, SIGNIFICANT)
    return number(value, digits)


def percent(share: float) -> str:
    """A share of 0 to 1 in per cent; what is not nothing is never 0 %."""
    return f"{fixed(100 * share, 1)} %" if share else "0 %"


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


def _significant_decimals(value: float, digits: int) -> int:
    return digits - 1 - math.floor(math.log10(value))
