"""Several methods on the same cases: who is better, by how much, how sure, at what cost."""

from crossvox.comparison.compare import compare
from crossvox.comparison.contest import Comparison, ComparisonSettings, Contestant, Costs

__all__ = ["Comparison", "ComparisonSettings", "Contestant", "Costs", "compare"]
