"""Synthetic heads with simulated imaging physics, as data for trials, tests and the demo."""

from crossvox.phantoms.folder import write_phantom
from crossvox.phantoms.phantom import PhantomCase, PhantomSettings, phantom_case

__all__ = ["PhantomCase", "PhantomSettings", "phantom_case", "write_phantom"]
