"""Numbers in the table of a comparison, one row for each method."""

import math
from collections.abc import Mapping

from crossvox.comparison.contest import NO_COSTS, Comparison, Costs
from crossvox.scoring.measures import LINEAR

PUBLISHED_STEPS = 1000  # diffusion steps of Ho et al. 2020
TABLE_MEASURES = (
    "ssim",
    "mae",
    "rmse",
    "psnr",
    "ssim_full",
    "slice_consistency",
    "slice_mean_std",
    *LINEAR,
)
Numbers = dict[str, float]  # NaN where unknown


def numbers_of(comparison: Comparison) -> dict[str, Numbers]:
    """Each measure with its interval, distance and cost, by contestant or baseline."""
    summary = comparison.summary
    costs = {contestant.name: contestant.costs for contestant in comparison.contestants}
    slowest: dict[str, float] = {}
    for cost in costs.values():
        slowest[cost.machine] = max(slowest.get(cost.machine, 0.0), cost.seconds or 0.0)
    table = {}
    for method, intervals in summary.intervals.items():
        row = {"people": float(intervals["ssim"].n)}
        for name in TABLE_MEASURES:
            interval = intervals[name]
            row |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
        kid = summary.kid.get(method)
        row |= {
            "fid": summary.fid.get(method, math.nan),
            "kid": math.nan if kid is None else kid.value,
            "kid_standard_error": math.nan if kid is None else kid.standard_error,
            "frechet_random3d": summary.frechet_random3d[method],
        }
        table[method] = _in_order(row | _of_costs(costs.get(method, NO_COSTS), slowest))
    return table


def _of_costs(costs: Costs, slowest: Mapping[str, float]) -> Numbers:
    """Costs of one method; its speed is relative to the slowest method on the same machine."""
    seconds, passes = _or_nan(costs.seconds), _or_nan(costs.passes)
    speedup = slowest[costs.machine] / costs.seconds if costs.seconds else math.nan
    return {
        "seconds": seconds,
        "passes": passes,
        "seconds_of_1000_steps": PUBLISHED_STEPS * seconds / passes if passes > 1 else math.nan,
        "times_faster": speedup,
        "peak_memory_bytes": _or_nan(costs.peak_memory_bytes),
        "parameters": _or_nan(costs.parameters),
        "training_hours": _or_nan(costs.training_hours),
        "training_steps": _or_nan(costs.training_steps),
        "training_epochs": _or_nan(costs.training_epochs),
    }


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _in_order(row: Mapping[str, float]) -> Numbers:
    """Order the columns with SSIM, FID, MAE and RMSE first."""
    first = ["people", *_with_ends("ssim"), "fid", *_with_ends("mae"), *_with_ends("rmse")]
    return {name: row[name] for name in dict.fromkeys([*first, *row])}


def _with_ends(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"
