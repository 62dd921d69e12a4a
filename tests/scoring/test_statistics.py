import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crossvox.scoring.statistics import (
    bootstrap_interval,
    corrected,
    holm,
    mean_per_subject,
    paired_difference,
    smallest_p,
    wilcoxon_p,
)


def test_cases_of_one_person_are_averaged_first() -> None:
    means = mean_per_subject([1.0, 3.0, 7.0, math.nan], ["a", "a", "b", "b"])
    assert means == {"a": 2.0, "b": 7.0}


def test_a_subject_without_any_value_is_left_out() -> None:
    assert mean_per_subject([math.nan], ["a"]) == {}


def test_the_interval_of_a_skewed_sample_leans_to_its_long_tail() -> None:
    values = np.random.default_rng(0).gamma(0.5, 1, 30)
    interval = bootstrap_interval(values.tolist(), seed=0)
    assert interval.high - interval.mean > interval.mean - interval.low


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=12))
def test_the_interval_holds_resampled_means_and_repeats_with_its_seed(values: list[float]) -> None:
    interval = bootstrap_interval(values, seed=5, draws=500)
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9
    assert interval == bootstrap_interval(values, seed=5, draws=500)
    assert interval.n == len(values)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.inf]])
def test_there_is_no_interval_of_fewer_than_two_finite_values(values: list[float]) -> None:
    interval = bootstrap_interval(values, seed=0)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert interval.n == len(values)


def test_equal_values_have_an_interval_of_no_width() -> None:
    interval = bootstrap_interval([3.0, 3.0, 3.0], seed=0)
    assert (interval.low, interval.high) == (3.0, 3.0)


def test_the_signed_rank_p_is_that_of_counting_all_signs() -> None:
    # all ten differences positive: two of the 2^10 sign patterns are as extreme
    differences = [0.1 * k for k in range(1, 11)]
    assert wilcoxon_p(differences) == pytest.approx(2 / 2**10)
    assert smallest_p(10) == pytest.approx(2 / 2**10)


@given(st.lists(st.floats(-10, 10).filter(lambda one: abs(one) > 1e-3), min_size=6, max_size=10))
@settings(max_examples=30, deadline=None)
def test_the_signed_rank_p_of_mixed_signs_is_that_of_counting_all_signs(
    values: list[float],
) -> None:
    differences = np.array(values) + np.arange(len(values)) * 1e-6  # no ties
    ranks = stats.rankdata(np.abs(differences))
    signs = np.array(list(product((0, 1), repeat=len(ranks))))
    sums, center = signs @ ranks, ranks.sum() / 2
    seen = abs(ranks[differences > 0].sum() - center)
    counted = np.mean(np.abs(sums - center) >= seen - 1e-9)
    assert wilcoxon_p(differences.tolist()) == pytest.approx(counted)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_what_stepping_down_rejects(p_values: list[float]) -> None:
    level = 0.05
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    rejected = set()
    for place, index in enumerate(order):
        if p_values[index] * (len(order) - place) > level:
            break
        rejected.add(index)
    corrected = holm(p_values)
    assert {index for index, p in enumerate(corrected) if p <= level} == rejected


def test_below_six_subjects_there_is_no_p() -> None:
    assert wilcoxon_p([1.0] * 5) is None
    assert smallest_p(5) > 0.05 > smallest_p(6)


def test_only_zeros_are_no_evidence() -> None:
    assert wilcoxon_p([0.0] * 8) == 1.0


@given(st.lists(st.integers(-3, 3), min_size=6, max_size=11).filter(any))
@settings(max_examples=40, deadline=None)
def test_with_ties_and_zeros_the_p_is_that_of_counting_all_signs(values: list[int]) -> None:
    differences = np.array(values, dtype=np.float64)
    ranks = stats.rankdata(np.abs(differences))  # zeros are ranked and have no sign
    signs = np.array(list(product((-1, 1), repeat=len(ranks))))
    sums = signs @ np.where(differences == 0, 0, ranks)
    seen = abs((np.sign(differences) * ranks).sum())
    counted = np.mean(np.abs(sums) >= seen - 1e-9)
    assert wilcoxon_p([float(value) for value in values]) == pytest.approx(counted)


@pytest.mark.parametrize("n", [12, 25, 50])
def test_without_ties_the_p_is_scipy_s_exact_one(n: int) -> None:
    differences = np.random.default_rng(n).normal(0.2, 1, n)
    theirs = stats.wilcoxon(differences, method="exact").pvalue
    assert wilcoxon_p(differences.tolist()) == pytest.approx(float(theirs), rel=1e-9)


def test_beyond_two_hundred_subjects_the_normal_distribution_is_as_good() -> None:
    differences = np.random.default_rng(0).normal(0.1, 1, 201)
    exact = stats.wilcoxon(differences, method="exact").pvalue
    # the normal distribution is off by a few thousandths of p at this number
    assert wilcoxon_p(differences.tolist()) == pytest.approx(float(exact), rel=0.02)


def test_holm_multiplies_the_smallest_most_and_never_turns_the_order() -> None:
    # by hand: .01 x 4, .03 x 3 lifted over .02 x ... in rising order
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_comparison_counts_wins_in_the_direction_that_is_better() -> None:
    ours = {"a": 1.0, "b": 2.0, "c": 0.5, "d": 0.0}
    theirs = {"a": 2.0, "b": 2.0, "c": 1.0}
    lower = paired_difference(
        ours, theirs, metric="mae", method="y", against="x", higher_is_better=False, seed=0
    )
    higher = paired_difference(
        ours, theirs, metric="ssim", method="y", against="x", higher_is_better=True, seed=0
    )
    # lower in two of three and equal in one, which counts as half
    assert lower.win_rate == pytest.approx(5 / 6)
    assert higher.win_rate == pytest.approx(1 / 6)
    assert lower.difference.n == 3
    assert lower.difference.mean == pytest.approx(-1 / 2)
    assert lower.difference == higher.difference
    assert lower.p_value is None
    assert (lower.metric, lower.method, lower.against) == ("mae", "y", "x")


def test_a_comparison_draws_by_its_seed() -> None:
    people = {str(number): float(number % 7) ** 2 for number in range(20)}
    nothing = dict.fromkeys(people, 0.0)
    drawn = [
        paired_difference(
            people,
            nothing,
            metric="mae",
            method="y",
            against="x",
            higher_is_better=False,
            seed=seed,
        ).difference
        for seed in (3, 3, 4)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_comparison_without_shared_subjects_has_no_win_rate() -> None:
    nothing = paired_difference(
        {"a": 1.0},
        {"b": 2.0},
        metric="mae",
        method="y",
        against="x",
        higher_is_better=False,
        seed=0,
    )
    assert math.isnan(nothing.win_rate)
    assert nothing.difference.n == 0


def test_the_level_and_the_draws_that_are_set_are_used() -> None:
    values = np.random.default_rng(2).gamma(2, 1, 40).tolist()
    narrow = bootstrap_interval(values, seed=0, level=0.5)
    wide = bootstrap_interval(values, seed=0, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high
    assert bootstrap_interval(values, seed=0, draws=100) != bootstrap_interval(values, seed=0)


def test_a_single_value_is_its_own_mean() -> None:
    assert bootstrap_interval([3.0], seed=0).mean == 3.0


def test_zeros_keep_their_ranks_beyond_two_hundred_subjects_too() -> None:
    values = [0.0] * 20 + [float(k) for k in range(1, 120)] + [-float(k) for k in range(1, 90)]
    pratt = stats.wilcoxon(values, zero_method="pratt", method="approx").pvalue
    assert wilcoxon_p(values) == pytest.approx(pratt)
    assert wilcoxon_p(values) != pytest.approx(stats.wilcoxon(values, method="approx").pvalue)


def test_infinite_on_both_sides_is_a_tie() -> None:
    both = {"a": math.inf, "b": math.inf}
    found = paired_difference(
        both, both, metric="psnr", method="y", against="x", higher_is_better=True, seed=0
    )
    assert found.difference.mean == 0
    assert found.win_rate == 0.5


def test_only_tested_rows_share_the_correction_of_their_table() -> None:
    ours = {str(k): float(k) for k in range(6)}
    theirs = dict.fromkeys(ours, -1.0)
    tested = paired_difference(
        ours, theirs, metric="ssim", method="y", against="x", higher_is_better=True, seed=0
    )
    untested = replace(tested, p_value=None)
    table = corrected([tested, untested, tested])
    # 2 / 2^6 each, two tested rows
    assert [row.p_holm for row in table] == [pytest.approx(2 / 32), None, pytest.approx(2 / 32)]


@pytest.mark.parametrize(("people", "documented"), [(4, 0.81), (10, 0.90)])
def test_intervals_of_few_people_are_too_short_as_documented(
    people: int, documented: float
) -> None:
    draws = np.random.default_rng(0).normal(size=(600, people)).tolist()
    found = [bootstrap_interval(values, seed=k, draws=600) for k, values in enumerate(draws)]
    held = np.mean([one.low <= 0 <= one.high for one in found])
    # 600 repeats: standard error 0.016
    assert held == pytest.approx(documented, abs=0.04)
