"""How far apart two clouds of feature vectors lie; rows are observations, columns features."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import SettingsError

Features = NDArray[np.floating]
FEWEST = 2


@dataclass(frozen=True, kw_only=True)
class KernelDistance:
    """A squared maximum mean discrepancy and how sure of it one is.

    Attributes:
        value: Unbiased, so it may fall below 0 for equal distributions.
        standard_error: Of `value`, by leaving out one observation at a time.
    """

    value: float
    standard_error: float


def frechet_distance(first: Features, second: Features) -> float:
    """Squared Frechet distance of the two normal distributions with these means and covariances.

    The trace of the square root of the covariances' product is the sum of the singular values of
    the (N, M) matrix of inner products of centred observations: exact, without a matrix root.

    Args:
        first: (N, features), N at least 2.
        second: (M, features), M at least 2.

    Raises:
        SettingsError: Fewer than two observations, or different features.

    Source:
        Heusel et al. 2017, arXiv 1706.08500, equation 6
    """
    x, y = _checked(first, second)
    means = x.mean(axis=0) - y.mean(axis=0)
    x = (x - x.mean(axis=0)) / math.sqrt(len(x) - 1)
    y = (y - y.mean(axis=0)) / math.sqrt(len(y) - 1)
    spread = float(np.square(x).sum() + np.square(y).sum())
    shared = float(np.linalg.svd(_cross(x, y), compute_uv=False).sum())
    return float(means @ means) + spread - 2 * shared


def kid(first: Features, second: Features) -> KernelDistance:
    """Kernel distance with the kernel (x·y / features + 1)^3, all observations at once.

    Args:
        first: (N, features), N at least 3.
        second: (M, features), M at least 3.

    Raises:
        SettingsError: Fewer than three observations, or different features.

    Source:
        Binkowski et al. 2018, arXiv 1801.01401; unbiased estimator of Gretton et al.
        2012, equation 3; standard error by the two-sample jackknife
    """
    x, y = _checked(first, second, fewest=FEWEST + 1)
    within_x, within_y, between = _kernel(x, x), _kernel(y, y), _kernel(x, y)
    np.fill_diagonal(within_x, 0.0)
    np.fill_diagonal(within_y, 0.0)
    across, means = between.mean(), (_pair_mean(within_x), _pair_mean(within_y))
    without_x = _pair_means_without_one(within_x) + means[1] - 2 * _means_without_one(between)
    without_y = _pair_means_without_one(within_y) + means[0] - 2 * _means_without_one(between.T)
    variance = _jackknife_variance(without_x) + _jackknife_variance(without_y)
    return KernelDistance(
        value=float(means[0] + means[1] - 2 * across), standard_error=math.sqrt(variance)
    )


def _checked(
    first: Features, second: Features, *, fewest: int = FEWEST
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if x.ndim != FEWEST or y.ndim != FEWEST or x.shape[1] != y.shape[1]:
        raise SettingsError(f"features must be (N, d) and (M, d), got {x.shape} and {y.shape}")
    if min(len(x), len(y)) < fewest:
        raise SettingsError(f"need {fewest} observations on each side, got {len(x)} and {len(y)}")
    return x, y


def _cross(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """A matrix with the singular values of x yᵀ, no larger than the features' number."""
    if min(len(x), len(y)) <= x.shape[1]:
        return x @ y.T
    # Orthonormal columns change no singular value, so long clouds shrink to triangles first.
    return np.asarray(_triangle(x) @ _triangle(y).T)


def _triangle(cloud: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(cloud) <= cloud.shape[1]:
        return cloud
    return np.asarray(np.linalg.qr(cloud, mode="r"))


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((x @ y.T / x.shape[1] + 1) ** 3)


def _pair_mean(kernel: NDArray[np.float64]) -> float:
    return float(kernel.sum() / (len(kernel) * (len(kernel) - 1)))


def _pair_means_without_one(kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    left = len(kernel) - 1
    return np.asarray((kernel.sum() - 2 * kernel.sum(axis=1)) / (left * (left - 1)))


def _means_without_one(between: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = between.shape
    return np.asarray((between.sum() - between.sum(axis=1)) / ((rows - 1) * columns))


def _jackknife_variance(estimates: NDArray[np.float64]) -> float:
    left = len(estimates) - 1
    return float(left / len(estimates) * np.square(estimates - estimates.mean()).sum())
