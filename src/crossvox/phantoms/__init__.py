"""Synthetic heads with simulated imaging physics, as data for trials, tests and the demo."""
