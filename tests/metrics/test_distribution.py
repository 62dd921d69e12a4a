import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg

from crossvox.errors import SettingsError
from crossvox.metrics import frechet_distance, kid

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


@pytest.mark.parametrize("sizes", [(300, 400), (70, 500)])
def test_frechet_distance_is_that_of_the_matrix_square_root(sizes: tuple[int, int]) -> None:
    x, y = clouds(*sizes)
    # sqrtm itself is good to about 1e-8 here
    assert frechet_distance(x, y) == pytest.approx(frechet_by_matrix_root(x, y), rel=1e-6)


def test_frechet_distance_of_few_observations_needs_no_full_covariance() -> None:
    x, y = clouds(20, 30)
    shared = np.linalg.svd((x - x.mean(0)) @ (y - y.mean(0)).T, compute_uv=False).sum()
    apart = x.mean(0) - y.mean(0)
    expected = apart @ apart + x.var(0, ddof=1).sum() + y.var(0, ddof=1).sum()
    assert frechet_distance(x, y) == pytest.approx(expected - 2 * shared / np.sqrt(19 * 29))


def test_frechet_distance_of_a_cloud_to_itself_is_zero_and_of_a_shift_its_square() -> None:
    x, _ = clouds(200, 2, features=8)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x + 3, x) == pytest.approx(9 * 8, rel=1e-9)


def test_kid_is_the_unbiased_estimator_summed_by_hand() -> None:
    x, y = clouds(7, 5, features=3)

    def kernel(a: Array, b: Array) -> float:
        return float((a @ b / 3 + 1) ** 3)

    within_x = np.mean([kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    within_y = np.mean([kernel(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    between = np.mean([kernel(a, b) for a in x for b in y])
    assert kid(x, y).value == pytest.approx(within_x + within_y - 2 * between)


def test_the_standard_error_of_kid_is_the_jackknife_done_by_hand() -> None:
    x, y = clouds(9, 6, features=3)
    without_x = [kid(np.delete(x, i, axis=0), y).value for i in range(9)]
    without_y = [kid(x, np.delete(y, j, axis=0)).value for j in range(6)]
    variance = 8 * np.var(without_x) + 5 * np.var(without_y)
    assert kid(x, y).standard_error == pytest.approx(np.sqrt(variance))


def test_kid_of_equal_distributions_is_zero_within_its_error_on_average() -> None:
    generator = np.random.default_rng(2)
    values = [kid(*generator.normal(0, 1, (2, 60, 4))) for _ in range(40)]
    mean = np.mean([distance.value for distance in values])
    spread = np.std([distance.value for distance in values])
    # three standard errors of the mean of forty draws
    assert abs(mean) < 3 * spread / np.sqrt(40)
    assert 0.5 < np.mean([distance.standard_error for distance in values]) / spread < 2


def test_clouds_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(SettingsError, match="features"):
        frechet_distance(np.zeros((5, 3)), np.zeros((5, 4)))
    with pytest.raises(SettingsError, match="observations"):
        frechet_distance(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(SettingsError, match="3 observations"):
        kid(np.zeros((2, 3)), np.zeros((5, 3)))
