"""Whole ways through the package: what a command does in one call."""

from crossvox.journey.demo import DEMO, DEMO_CASES, demo
from crossvox.journey.run import evaluate_run, write_mean

__all__ = ["DEMO", "DEMO_CASES", "demo", "evaluate_run", "write_mean"]
