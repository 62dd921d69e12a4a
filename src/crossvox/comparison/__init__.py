"""Compare several methods on the same cases, with confidence intervals, tests and costs."""

from crossvox.comparison.compare import compare
from crossvox.comparison.contest import Comparison, ComparisonSettings, Contestant, Costs

__all__ = ["Comparison", "ComparisonSettings", "Contestant", "Costs", "compare"]
