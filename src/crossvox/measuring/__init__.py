"""Benchmarks that measure crossvox and its alternatives side by side in one run."""
