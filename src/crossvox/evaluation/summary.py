"""From cases to subjects, from subjects to what can be claimed."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crossvox.evaluation.baselines import BASELINES
from crossvox.evaluation.measures import COMPARED, NAMES
from crossvox.evaluation.results import SYNTHESIZED, CaseResult, Summary
from crossvox.evaluation.statistics import (
    Comparison,
    Interval,
    bootstrap_interval,
    compare,
    holm,
    mean_per_subject,
)
from crossvox.metrics import frechet_distance

REFERENCE = "reference"
FEWEST_CELLS = 2
METHODS = (SYNTHESIZED, *BASELINES)


def summarise(results: Sequence[CaseResult], *, seed: int) -> Summary:
    """Means, intervals, paired comparisons and the Frechet distance over all subjects."""
    present = [name for name in METHODS if any(name in result.scores for result in results)]
    return Summary(
        subjects=len({result.pair.subject for result in results}),
        intervals={name: _intervals(results, name, seed=seed) for name in present},
        comparisons=_comparisons(results, present[1:], seed=seed),
        frechet_random3d={name: _frechet(results, name) for name in present},
    )


def per_subject(results: Sequence[CaseResult], method: str, measure: str) -> dict[str, float]:
    """One value of a measure for each subject that has it."""
    having = [result for result in results if method in result.scores]
    return mean_per_subject(
        [result.scores[method][measure] for result in having],
        [result.pair.subject for result in having],
    )


def _intervals(results: Sequence[CaseResult], method: str, *, seed: int) -> dict[str, Interval]:
    return {
        measure: bootstrap_interval(list(per_subject(results, method, measure).values()), seed=seed)
        for measure in NAMES
    }


def _comparisons(
    results: Sequence[CaseResult], baselines: Sequence[str], *, seed: int
) -> tuple[Comparison, ...]:
    table = [
        compare(
            per_subject(results, SYNTHESIZED, measure.name),
            per_subject(results, baseline, measure.name),
            metric=measure.name,
            against=baseline,
            higher_is_better=measure.better == "higher",
            seed=seed,
        )
        for baseline in baselines
        for measure in COMPARED
    ]
    tested = [row.p_value for row in table if row.p_value is not None]
    corrected = iter(holm(tested))
    return tuple(
        row if row.p_value is None else replace(row, p_holm=next(corrected)) for row in table
    )


def _frechet(results: Sequence[CaseResult], method: str) -> float:
    """Over the cases that have the method, so that both clouds come from the same people."""
    having = [result for result in results if method in result.features]
    made = np.concatenate([result.features[method] for result in having])
    real = np.concatenate([result.features[REFERENCE] for result in having])
    if min(len(made), len(real)) < FEWEST_CELLS:
        return math.nan
    return frechet_distance(made, real)
