"""Summarize scored cases: means, intervals and paired differences over subjects."""

from collections.abc import Sequence

from crossvox.scoring.baselines import BASELINES
from crossvox.scoring.feature_distances import fid_of, frechet_random3d_of, images_of, kid_of
from crossvox.scoring.measure import Measure
from crossvox.scoring.measures import COMPARED, NAMES
from crossvox.scoring.results import PERFECT, SYNTHESIZED, CaseResult, Perfect, Summary
from crossvox.scoring.statistics import (
    Interval,
    PairedDifference,
    bootstrap_interval,
    corrected,
    mean_per_subject,
    paired_difference,
)

Contrast = tuple[str, str]  # a method and the method it is tested against
METHODS = (SYNTHESIZED, *BASELINES)
AGAINST_BASELINES: tuple[Contrast, ...] = tuple((SYNTHESIZED, name) for name in BASELINES)


def summarize(
    results: Sequence[CaseResult],
    *,
    seed: int,
    methods: Sequence[str] = METHODS,
    contrasts: Sequence[Contrast] = AGAINST_BASELINES,
) -> Summary:
    """Compute means, intervals, paired differences and feature distances over all subjects.

    Args:
        results: Scored cases.
        seed: Random seed for the bootstrap confidence intervals.
        methods: Methods in the order of the table; methods without any case are left out.
        contrasts: Pairs of methods to test; Holm's correction covers all their tests.
    """
    present = [name for name in methods if any(name in result.scores for result in results)]
    available = [contrast for contrast in contrasts if set(contrast) <= set(present)]
    with_slices = [name for name in present if any(name in case.slice_features for case in results)]
    return Summary(
        subjects=len({result.pair.subject for result in results}),
        intervals={name: _intervals(results, name, seed=seed) for name in present},
        comparisons=corrected(
            [
                difference_between(results, contrast, measure, seed=seed)
                for contrast in available
                for measure in COMPARED
            ]
        ),
        frechet_random3d={name: frechet_random3d_of(results, name) for name in present},
        fid={name: fid_of(results, name) for name in with_slices},
        kid={name: kid_of(results, name) for name in with_slices},
        images=images_of(results),
        perfect=_perfect(results, present),
    )


def per_subject(results: Sequence[CaseResult], method: str, measure: str) -> dict[str, float]:
    """Mean value of a measure for each subject that has it."""
    scored = [result for result in results if method in result.scores]
    return mean_per_subject(
        [result.scores[method][measure] for result in scored],
        [result.pair.subject for result in scored],
    )


def difference_between(
    results: Sequence[CaseResult], contrast: Contrast, measure: Measure, *, seed: int
) -> PairedDifference:
    """Compare one measure of two methods on the same subjects, without Holm's correction."""
    method, against = contrast
    return paired_difference(
        per_subject(results, method, measure.name),
        per_subject(results, against, measure.name),
        metric=measure.name,
        method=method,
        against=against,
        higher_is_better=measure.better == "higher",
        seed=seed,
    )


def _perfect(results: Sequence[CaseResult], methods: Sequence[str]) -> dict[str, Perfect]:
    by_method = {}
    for method in methods:
        cases = [(case.pair.subject, case.facts.perfect.get(method)) for case in results]
        scored = [(subject, scores) for subject, scores in cases if scores]
        if not scored:
            continue
        subjects = [subject for subject, _ in scored]
        values = {
            name: mean_per_subject([scores[name] for _, scores in scored], subjects).values()
            for name in PERFECT
        }
        by_method[method] = Perfect(
            means={name: sum(means) / len(means) for name, means in values.items()},
            people=len(set(subjects)),
        )
    return by_method


def _intervals(results: Sequence[CaseResult], method: str, *, seed: int) -> dict[str, Interval]:
    return {
        measure: bootstrap_interval(list(per_subject(results, method, measure).values()), seed=seed)
        for measure in NAMES
    }
