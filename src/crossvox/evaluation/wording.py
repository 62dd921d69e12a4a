"""Numbers and facts as a reader wants them written."""

import math
from collections.abc import Sequence

from crossvox.evaluation.measures import Measure
from crossvox.evaluation.results import CaseResult
from crossvox.evaluation.statistics import Comparison, Interval

UNITS = {"arbitrary": "scanner units", "normalised": "of network scale"}
UNKNOWN = "n/a"
SIGNIFICANT = 4
SMALLEST_SHOWN_P = 0.001


def unit_of(results: Sequence[CaseResult]) -> str:
    """The target's unit in words; several where cases differ."""
    found = sorted({result.facts.unit for result in results})
    return " or ".join(UNITS.get(unit, unit) for unit in found)


def measure_unit(measure: Measure, unit: str) -> str:
    """The unit of a measure, `unit` being the target's."""
    return measure.unit.replace("target", unit)


def number(value: float, measure: Measure) -> str:
    """A value with the digits its measure deserves."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "inf (identical)"
    if not measure.unit.startswith(("target", "HU")):
        return f"{value:.{measure.digits}f}"
    if value == 0:
        return "0"
    digits = SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))
    return f"{value:.{min(max(digits, 0), 4)}f}"


def span(interval: Interval, measure: Measure) -> str:
    """The interval in brackets, empty where there is none."""
    if math.isnan(interval.low):
        return ""
    return f"{number(interval.low, measure)} to {number(interval.high, measure)}"


def p_value(value: float | None) -> str:
    """A p value, or that there is none."""
    if value is None:
        return UNKNOWN
    return "< 0.001" if value < SMALLEST_SHOWN_P else f"{value:.3f}"


def wins(comparison: Comparison) -> str:
    """The win rate as a share of the subjects."""
    if math.isnan(comparison.win_rate):
        return UNKNOWN
    return f"{comparison.win_rate:.0%}"


def counted(number_of: int, one: str, many: str) -> str:
    """How many there are, with the right noun."""
    return f"{number_of} {one if number_of == 1 else many}"
