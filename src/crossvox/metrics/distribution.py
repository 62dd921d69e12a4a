"""Distances between two sets of feature vectors; rows are observations, columns features."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import SettingsError

Features = NDArray[np.floating]
MIN_OBSERVATIONS = 2
MATRIX_AXES = 2
ROWS_AT_ONCE = 1024


@dataclass(frozen=True, kw_only=True)
class KernelDistance:
    """A squared maximum mean discrepancy with its standard error.

    Attributes:
        value: Unbiased estimate, which may be negative for equal distributions.
        standard_error: Jackknife standard error of `value`; too small for correlated
            observations, such as slices of one person.
    """

    value: float
    standard_error: float


def frechet_distance(first: Features, second: Features) -> float:
    """Squared Frechet distance between normal distributions fitted to both sets.

    The trace of the square root of the product of the covariances is the sum of the singular
    values of the (N, M) matrix of inner products of centered observations, which is exact and
    needs no matrix square root.

    Args:
        first: Feature vectors, (N, features), N at least 2.
        second: Feature vectors, (M, features), M at least 2.

    Raises:
        SettingsError: There are fewer than two observations, or numbers of features differ.

    Source:
        Heusel et al. 2017, arXiv 1706.08500, equation 6
    """
    x, y = _checked(first, second)
    means = x.mean(axis=0) - y.mean(axis=0)
    x = (x - x.mean(axis=0)) / math.sqrt(len(x) - 1)
    y = (y - y.mean(axis=0)) / math.sqrt(len(y) - 1)
    spread = float(np.square(x).sum() + np.square(y).sum())
    shared = float(np.linalg.svd(_cross(x, y), compute_uv=False).sum())
    # Rounding may give a negative distance for equal sets.
    return max(0.0, float(means @ means) + spread - 2 * shared)


def kid(first: Features, second: Features) -> KernelDistance:
    """Kernel distance with the kernel (x·y / features + 1)^3, without subsampling.

    Args:
        first: Feature vectors, (N, features), N at least 3.
        second: Feature vectors, (M, features), M at least 3.

    Raises:
        SettingsError: There are fewer than three observations, or numbers of features differ.

    Source:
        Binkowski et al. 2018, arXiv 1801.01401; unbiased estimator of Gretton et al.
        2012, equation 3; standard error by the two-sample jackknife
    """
    x, y = _checked(first, second, fewest=MIN_OBSERVATIONS + 1)
    # Kernel sums of each observation with the others of its set, and with the other set.
    own_x, own_y = _row_sums(x, x) - _diagonal(x), _row_sums(y, y) - _diagonal(y)
    across_x, across_y = _row_sums(x, y), _row_sums(y, x)
    within = _pair_mean(own_x) + _pair_mean(own_y)
    between = across_x.sum() / (len(x) * len(y))
    without_x = _leave_one_out_pair_means(own_x) - 2 * _leave_one_out_means(across_x, len(y))
    without_y = _leave_one_out_pair_means(own_y) - 2 * _leave_one_out_means(across_y, len(x))
    variance = _jackknife_variance(without_x) + _jackknife_variance(without_y)
    return KernelDistance(value=float(within - 2 * between), standard_error=math.sqrt(variance))


def _checked(
    first: Features, second: Features, *, fewest: int = MIN_OBSERVATIONS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if x.ndim != MATRIX_AXES or y.ndim != MATRIX_AXES or x.shape[1] != y.shape[1]:
        raise SettingsError(f"features must be (N, d) and (M, d), got {x.shape} and {y.shape}")
    if min(len(x), len(y)) < fewest:
        raise SettingsError(
            f"a distance needs {fewest} observations on each side, got {len(x)} and {len(y)}"
        )
    return x, y


def _cross(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix with the nonzero singular values of x yᵀ, no larger than the number of features."""
    if min(len(x), len(y)) <= x.shape[1]:
        return x @ y.T
    # Orthonormal factors keep the singular values, so long sets are reduced by QR first.
    return np.asarray(_triangle(x) @ _triangle(y).T)


def _triangle(cloud: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(cloud) <= cloud.shape[1]:
        return cloud
    return np.asarray(np.linalg.qr(cloud, mode="r"))


def _row_sums(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over y of the kernel of each x with every y, (N,), in blocks to save memory."""
    starts = range(0, len(x), ROWS_AT_ONCE)
    blocks = (x[start : start + ROWS_AT_ONCE] @ y.T for start in starts)
    return np.concatenate([_kernel(block, y.shape[1]).sum(axis=1) for block in blocks])


def _diagonal(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return _kernel(np.square(x).sum(axis=1), x.shape[1])


def _kernel(products: NDArray[np.float64], features: int) -> NDArray[np.float64]:
    return np.asarray((products / features + 1) ** 3)


def _pair_mean(sums: NDArray[np.float64]) -> float:
    return float(sums.sum() / (len(sums) * (len(sums) - 1)))


def _leave_one_out_pair_means(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    remaining = len(sums) - 1
    return np.asarray((sums.sum() - 2 * sums) / (remaining * (remaining - 1)))


def _leave_one_out_means(sums: NDArray[np.float64], others: int) -> NDArray[np.float64]:
    return np.asarray((sums.sum() - sums) / ((len(sums) - 1) * others))


def _jackknife_variance(estimates: NDArray[np.float64]) -> float:
    remaining = len(estimates) - 1
    return float(remaining / len(estimates) * np.square(estimates - estimates.mean()).sum())
