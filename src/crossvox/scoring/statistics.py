"""Intervals, tests and corrections over people."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

DRAWS = 10_000
LEVEL = 0.95
FEWEST_FOR_A_TEST = 6
MOST_FOR_EXACT = 200
FEWEST_FOR_AN_INTERVAL = 2
ROUNDING = 1e-12  # relative: values that differ by less are taken to be equal


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean over subjects and the bootstrap interval around it.

    Attributes:
        mean: Mean of the subjects' values; NaN where there are none.
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
    """One metric of two methods on the same subjects.

    Attributes:
        metric: Its name.
        method: The one method.
        against: The other.
        difference: Value of `method` minus that of `against`, per subject.
        win_rate: Share of subjects for whom `method` is better; a tie counts half.
        p_value: Wilcoxon signed-rank, two-sided; None where no test can be significant.
        p_holm: The same after Holm's correction over the table.
    """

    metric: str
    method: str
    against: str
    difference: Interval
    win_rate: float
    p_value: float | None
    p_holm: float | None = None


def mean_per_subject(values: Sequence[float], subjects: Sequence[str]) -> dict[str, float]:
    """Each subject's mean over their cases; values that are NaN are left out."""
    grouped: dict[str, list[float]] = {}
    for value, subject in zip(values, subjects, strict=True):
        if not math.isnan(value):
            grouped.setdefault(subject, []).append(value)
    return {subject: sum(mine) / len(mine) for subject, mine in grouped.items()}


def bootstrap_interval(
    values: Sequence[float], *, seed: int, draws: int = DRAWS, level: float = LEVEL
) -> Interval:
    """The bias-corrected and accelerated (BCa) bootstrap interval of the mean.

    Args:
        values: One per subject.
        seed: Same seed, same interval.
        draws: Resamples of the subjects.
        level: Of confidence.

    Source:
        Efron 1987, doi 10.1080/01621459.1987.10478410
    """
    known = np.array(values, dtype=np.float64)
    if len(known) < FEWEST_FOR_AN_INTERVAL or not np.isfinite(known).all():
        mean = float(known.mean()) if len(known) else math.nan
        return Interval(mean=mean, low=math.nan, high=math.nan, n=len(known))
    mean = float(known.mean())
    least, most = float(known.min()), float(known.max())
    if most - least <= ROUNDING * max(abs(least), abs(most)):
        return Interval(mean=mean, low=least, high=most, n=len(known))
    ends = stats.bootstrap(
        (known,),
        np.mean,
        n_resamples=draws,
        confidence_level=level,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(mean=mean, low=float(ends.low), high=float(ends.high), n=len(known))


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
    """One metric on the subjects that both have; not yet corrected for the table it stands in.

    Args:
        ours: Value of each subject.
        theirs: Likewise.
        metric: Name for the table.
        method: Whose values `ours` are.
        against: Whose `theirs` are.
        higher_is_better: Which way a win goes.
        seed: Of the bootstrap.
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
    """Two-sided p of the signed-rank test; None below six subjects, where none can reach .05.

    Ties share their mean rank. Zeros keep their ranks and have no sign (Pratt's method; to split
    each zero between both signs gives the same p). Up to 200 subjects the p is exact: the share
    of all sign patterns whose rank sum is as far from its mean as the one seen.

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
    """The smallest two-sided p that a signed-rank test of `n` subjects can give."""
    return min(1.0, 2.0 ** (1 - n))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction, in the order given.

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
    """The rows of one table, each tested one with its p after Holm's correction."""
    tested = [row.p_value for row in table if row.p_value is not None]
    steps = iter(holm(tested))
    return tuple(row if row.p_value is None else replace(row, p_holm=next(steps)) for row in table)


def _signed_rank_p(values: NDArray[np.float64]) -> float:
    """Exact, by adding the signed subjects to the distribution of the rank sum one by one."""
    # Twice the mean ranks: whole numbers, so that sums are compared without rounding.
    ranks = np.rint(2 * stats.rankdata(np.abs(values))).astype(np.int64)
    positive, signed = int(ranks[values > 0].sum()), ranks[values != 0]
    total = int(signed.sum())
    probabilities = np.zeros(total + 1)
    probabilities[0] = 1.0
    for rank in signed:
        flipped = np.zeros_like(probabilities)
        flipped[rank:] = probabilities[: total + 1 - rank]
        probabilities = (probabilities + flipped) / 2
    apart = np.abs(2 * np.arange(total + 1) - total)
    return min(1.0, float(probabilities[apart >= abs(2 * positive - total)].sum()))


def _difference(ours: float, theirs: float) -> float:
    return 0.0 if ours == theirs else ours - theirs
