"""Confidence intervals, hypothesis tests and multiple-testing correction over people."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

DRAWS = 10_000
LEVEL = 0.95
FEWEST_FOR_A_TEST = 6
MOST_FOR_EXACT = 200  # subjects
FEWEST_FOR_AN_INTERVAL = 2
RELATIVE_ROUNDING = 1e-12  # smaller relative differences count as equal


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean over subjects with its bootstrap confidence interval.

    Attributes:
        mean: Mean of the subjects' values; NaN without values.
        low: Lower end; NaN for fewer than two finite values.
        high: Upper end; NaN for fewer than two finite values.
        n: Number of subjects with a value.
    """

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Difference in one metric between two methods on the same subjects.

    Attributes:
        metric: Name of the metric.
        method: Name of the tested method.
        against: Name of the method that it is tested against.
        difference: Mean over subjects of `method` minus `against`, with its interval.
        win_rate: Share of subjects for whom `method` is better; a tie counts half.
        p_value: Two-sided p-value of the Wilcoxon signed-rank test; None if the test cannot be
            significant.
        p_holm: p-value after Holm's correction over the table.
    """

    metric: str
    method: str
    against: str
    difference: Interval
    win_rate: float
    p_value: float | None
    p_holm: float | None = None


def mean_per_subject(values: Sequence[float], subjects: Sequence[str]) -> dict[str, float]:
    """Average each subject's cases, ignoring NaN; subjects without a value are left out."""
    grouped: dict[str, list[float]] = {}
    for value, subject in zip(values, subjects, strict=True):
        if not math.isnan(value):
            grouped.setdefault(subject, []).append(value)
    return {subject: sum(own) / len(own) for subject, own in grouped.items()}


def bootstrap_interval(
    values: Sequence[float], *, seed: int, draws: int = DRAWS, level: float = LEVEL
) -> Interval:
    """Compute the bias-corrected and accelerated (BCa) bootstrap interval of the mean.

    Args:
        values: Values, one per subject.
        seed: Random seed for the resampling.
        draws: Number of bootstrap resamples.
        level: Confidence level, 0 to 1.

    Source:
        Efron 1987, doi 10.1080/01621459.1987.10478410
    """
    sample = np.array(values, dtype=np.float64)
    if len(sample) < FEWEST_FOR_AN_INTERVAL or not np.isfinite(sample).all():
        mean = float(sample.mean()) if len(sample) else math.nan
        return Interval(mean=mean, low=math.nan, high=math.nan, n=len(sample))
    mean = float(sample.mean())
    least, most = float(sample.min()), float(sample.max())
    if most - least <= RELATIVE_ROUNDING * max(abs(least), abs(most)):
        return Interval(mean=mean, low=least, high=most, n=len(sample))
    span = most - least
    ends = stats.bootstrap(
        ((sample - mean) / span,),  # powers of tiny or huge values would leave float64's range
        np.mean,
        n_resamples=draws,
        confidence_level=level,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    low, high = (mean + span * float(end) for end in (ends.low, ends.high))
    return Interval(mean=mean, low=low, high=high, n=len(sample))


def paired_difference(
    ours: Mapping[str, float],
    theirs: Mapping[str, float],
    *,
    metric: str,
    method: str,
    against: str,
    higher_is_better: bool,
    seed: int,
) -> PairedDifference:
    """Compare one metric on the subjects that both methods have, without Holm's correction.

    Args:
        ours: Value of `method` for each subject.
        theirs: Value of `against` for each subject.
        metric: Name of the metric.
        method: Name of the tested method.
        against: Name of the method that it is tested against.
        higher_is_better: Whether a higher value is a win.
        seed: Random seed for the bootstrap.
    """
    shared = sorted(ours.keys() & theirs.keys())
    differences = np.array([_difference(ours[key], theirs[key]) for key in shared])
    wins = differences if higher_is_better else -differences
    rate = float(np.mean((wins > 0) + 0.5 * (wins == 0))) if len(wins) else math.nan
    return PairedDifference(
        metric=metric,
        method=method,
        against=against,
        difference=bootstrap_interval(differences.tolist(), seed=seed),
        win_rate=rate,
        p_value=wilcoxon_p(differences.tolist()),
    )


def wilcoxon_p(differences: Sequence[float]) -> float | None:
    """Two-sided p-value of the signed-rank test; None below six subjects, which cannot reach .05.

    Tied values share their mean rank. Zeros keep their ranks and have no sign (Pratt's method;
    splitting each zero between both signs gives the same p-value). Up to 200 subjects the p-value
    is exact: the share of all sign patterns whose rank sum deviates from its mean by at least the
    observed deviation.

    Source:
        Pratt 1959, doi 10.1080/01621459.1959.10501526
    """
    if len(differences) < FEWEST_FOR_A_TEST:
        return None
    values = np.array(differences, dtype=np.float64)
    if not values.any():
        return 1.0
    if len(values) > MOST_FOR_EXACT:
        return float(stats.wilcoxon(values, zero_method="pratt", method="asymptotic").pvalue)
    return _signed_rank_p(values)


def smallest_p(n: int) -> float:
    """Smallest possible two-sided p-value of a signed-rank test of `n` subjects."""
    return min(1.0, 2.0 ** (1 - n))


def holm(p_values: Sequence[float]) -> list[float]:
    """Apply Holm's step-down correction; the order of the p-values is kept.

    Source:
        Holm 1979, Scandinavian Journal of Statistics 6, 65-70
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(order), 0, -1)
    steps = np.minimum(1.0, np.maximum.accumulate(np.array(p_values)[order] * factors))
    corrected = np.empty(len(order))
    corrected[order] = steps
    return [float(value) for value in corrected]


def corrected(table: Sequence[PairedDifference]) -> tuple[PairedDifference, ...]:
    """Add the p-value after Holm's correction to each tested row of one table."""
    tested = [row.p_value for row in table if row.p_value is not None]
    steps = iter(holm(tested))
    return tuple(row if row.p_value is None else replace(row, p_holm=next(steps)) for row in table)


def _signed_rank_p(values: NDArray[np.float64]) -> float:
    """Exact p-value from the rank-sum distribution, built up one subject at a time."""
    # Twice the mean ranks are integers, so sums are compared without rounding.
    ranks = np.rint(2 * stats.rankdata(np.abs(values))).astype(np.int64)
    positive, signed = int(ranks[values > 0].sum()), ranks[values != 0]
    total = int(signed.sum())
    probabilities = np.zeros(total + 1)
    probabilities[0] = 1.0
    for rank in signed:
        flipped = np.zeros_like(probabilities)
        flipped[rank:] = probabilities[: total + 1 - rank]
        probabilities = (probabilities + flipped) / 2
    deviations = np.abs(2 * np.arange(total + 1) - total)
    return min(1.0, float(probabilities[deviations >= abs(2 * positive - total)].sum()))


def _difference(first: float, second: float) -> float:
    return 0.0 if first == second else first - second
