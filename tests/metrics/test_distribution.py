import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg

from crossvox.errors import SettingsError
from crossvox.metrics import frechet_distance, kid
from crossvox.metrics.distribution import ROWS_AT_ONCE

Array = NDArray[np.float64]


def clouds(first: int, second: int, features: int = 64) -> tuple[Array, Array]:
    generator = np.random.default_rng(1)
    mixing = generator.normal(0, 1, (features, features))
    return (
        generator.normal(0, 1, (first, features)) @ mixing,
        generator.normal(0.2, 1.3, (second, features)) @ mixing,
    )


def frechet_by_matrix_root(x: Array, y: Array) -> float:
    root = linalg.sqrtm(np.cov(x.T) @ np.cov(y.T)).real
    apart = x.mean(0) - y.mean(0)
    return float(apart @ apart + np.trace(np.cov(x.T) + np.cov(y.T) - 2 * root))


@pytest.mark.parametrize("sizes", [(300, 400), (70, 500), (64, 64), (500, 20), (20, 500), (20, 30)])
def test_frechet_distance_is_that_of_the_matrix_square_root(sizes: tuple[int, int]) -> None:
    x, y = clouds(*sizes)
    # of 64 features: sqrtm is good to 1e-12 above 64 observations, and to 4e-8 below, where the
    # covariances are singular and it takes the root of what rounding left of zeros
    assert frechet_distance(x, y) == pytest.approx(frechet_by_matrix_root(x, y), rel=1e-6)


@pytest.mark.parametrize("sizes", [(900, 800), (9, 11)])
def test_frechet_distance_is_that_of_the_symmetric_root(sizes: tuple[int, int]) -> None:
    x, y = clouds(*sizes, features=12)
    values, vectors = np.linalg.eigh(np.cov(x.T))
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ np.cov(y.T) @ root).clip(min=0)).sum()
    apart = x.mean(0) - y.mean(0)
    spread = x.var(0, ddof=1).sum() + y.var(0, ddof=1).sum()
    # roots of what rounding left of zeros: 1e-7 each
    assert frechet_distance(x, y) == pytest.approx(apart @ apart + spread - 2 * shared, rel=1e-6)


def test_frechet_distance_of_a_cloud_to_itself_is_zero_and_of_a_shift_its_square() -> None:
    x, _ = clouds(200, 2, features=8)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x + 3, x) == pytest.approx(9 * 8, rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_frechet_distance_is_never_below_zero(seed: int) -> None:
    x = np.random.default_rng(seed).normal(0, 100, (40, 30))
    # twenty clouds: rounding falls to either side
    assert 0 <= frechet_distance(x, x) < 1e-8


def discrepancy_by_hand(x: Array, y: Array, *, biased: bool = False) -> float:
    """The squared maximum mean discrepancy, one pair of observations after the other."""

    def mean_kernel(first: Array, second: Array, *, same: bool) -> float:
        values = [
            (float(a @ b) / len(a) + 1) ** 3
            for i, a in enumerate(first)
            for j, b in enumerate(second)
            if biased or not (same and i == j)
        ]
        return sum(values) / len(values)

    within = mean_kernel(x, x, same=True) + mean_kernel(y, y, same=True)
    return within - 2 * mean_kernel(x, y, same=False)


@pytest.mark.parametrize("sizes", [(7, 5), (3, 3), (4, 30)])
def test_kid_is_the_unbiased_estimator_summed_pair_by_pair(sizes: tuple[int, int]) -> None:
    x, y = clouds(*sizes, features=3)
    # the same sums in another order
    assert kid(x, y).value == pytest.approx(discrepancy_by_hand(x, y), rel=1e-10)


def test_kid_does_not_depend_on_how_the_kernel_matrix_is_cut() -> None:
    x, y = np.random.default_rng(6).normal(0, 1, (2, ROWS_AT_ONCE + 80, 4))
    kernel = [(a @ b.T / 4 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
    n = len(x)
    within = sum((each.sum() - np.trace(each)) / (n * (n - 1)) for each in kernel[:2])
    # sums of a million terms of about 1 leave less than 1e-10
    assert kid(x, y).value == pytest.approx(within - 2 * kernel[2].mean(), abs=1e-10)


def test_the_standard_error_of_kid_is_the_jackknife_done_by_hand() -> None:
    x, y = clouds(9, 6, features=3)
    without_x = [kid(np.delete(x, i, axis=0), y).value for i in range(9)]
    without_y = [kid(x, np.delete(y, j, axis=0)).value for j in range(6)]
    variance = 8 * np.var(without_x) + 5 * np.var(without_y)
    assert kid(x, y).standard_error == pytest.approx(np.sqrt(variance))


def test_kid_of_equal_distributions_is_zero_within_its_error_on_average() -> None:
    generator = np.random.default_rng(2)
    draws = [(generator.normal(0, 1, (60, 4)), generator.normal(0, 1, (25, 4))) for _ in range(400)]
    found = [kid(x, y) for x, y in draws]
    values = np.array([distance.value for distance in found])
    # three standard errors of the mean of 400 draws
    assert abs(values.mean()) < 3 * values.std(ddof=1) / np.sqrt(len(values))
    # with each observation's likeness to itself it would be far off, so the test can tell
    biased = np.array([discrepancy_by_hand(x, y, biased=True) for x, y in draws[:20]])
    assert biased.mean() > 3 * biased.std(ddof=1) / np.sqrt(len(biased))
    # the jackknife is meant to tell the spread of the draws; it is an estimate itself
    assert 0.5 < np.mean([distance.standard_error for distance in found]) / values.std() < 2


def test_kid_of_different_distributions_is_unbiased_too() -> None:
    generator = np.random.default_rng(7)
    values = np.array(
        [
            kid(generator.normal(0, 1, (9, 1)), generator.normal(1, 1, (7, 1))).value
            for _ in range(4000)
        ]
    )
    # by hand for one feature: E(ab + 1)^3 = 1 + 3 m m' + 3 s s' + t t' of first, second and third
    # moments, which are 0, 1, 0 of N(0, 1) and 1, 2, 4 of N(1, 1)
    truth = (1 + 0 + 3 + 0) + (1 + 3 + 12 + 16) - 2 * (1 + 0 + 6 + 0)
    assert abs(values.mean() - truth) < 3 * values.std(ddof=1) / np.sqrt(len(values))


def test_clouds_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(SettingsError, match="features"):
        frechet_distance(np.zeros((5, 3)), np.zeros((5, 4)))
    with pytest.raises(SettingsError, match="observations"):
        frechet_distance(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(SettingsError, match="3 observations"):
        kid(np.zeros((2, 3)), np.zeros((5, 3)))
