"""Complete workflows of the package, one call for each command."""

from crossvox.journey.demo import DEMO, DEMO_CASES, demo
from crossvox.journey.run import evaluate_run, write_mean

__all__ = ["DEMO", "DEMO_CASES", "demo", "evaluate_run", "write_mean"]
