"""Read the intensities of a cohort's volumes, to fit and choose intensity scales."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from crossvox.cohort import Case
from crossvox.cohort.names import canonical_modality
from crossvox.errors import CohortError, SettingsError
from crossvox.files import read_volume
from crossvox.preparation.intensity import IntensityScale, Limits, foreground_limits
from crossvox.volume.foreground import head_mask

Measured = TypeVar("Measured")

LOWEST_HU = -1024.0
QUANTILES = 10_000  # per volume
THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Intensities:
    """Summary of a volume's intensities, in the volume's unit.

    Attributes:
        limits: Low and high intensity of the foreground.
        head: (10000,) evenly spaced quantiles of the voxels inside the head, ascending.
    """

    limits: Limits
    head: NDArray[np.float64]

    def cost(self, scale: IntensityScale) -> float:
        """Mean absolute error, inside the head, of a perfect network whose output `scale` restores.

        A perfect network predicts the volume exactly as `scale` normalizes it, so the error comes
        only from clipping and from restoring by the cohort's limits.
        """
        low, high = self.limits if scale.kind == "volume" else scale.limits
        predicted = np.clip((self.head - low) / (high - low), 0, 1)
        restored = scale.limits[0] + predicted * (scale.limits[1] - scale.limits[0])
        return float(np.abs(restored - self.head).mean())


def read_limits(
    cases: Sequence[Case], modality: str, *, percentiles: tuple[float, float]
) -> list[Limits]:
    """Foreground limits of each case's volume.

    Raises:
        CohortError: A foreground is constant.
        FileError: A volume cannot be read.
    """
    return _in_threads(
        partial(limits_in, modality=modality, percentiles=percentiles), cases, modality
    )


def read_intensities(
    cases: Sequence[Case], modality: str, *, percentiles: tuple[float, float]
) -> list[Intensities]:
    """Intensities of each case's volume.

    Raises:
        CohortError: A foreground is constant.
        FileError: A volume cannot be read.
    """
    measure = partial(_intensities_in, modality=modality, percentiles=percentiles)
    return _in_threads(measure, cases, modality)


def limits_in(path: Path, *, modality: str, percentiles: tuple[float, float]) -> Limits:
    """Foreground limits of the volume in a file, ignoring the padding of a CT.

    Raises:
        CohortError: The foreground is constant.
        FileError: The volume cannot be read.
    """
    return _limits(_voxels(path, modality), path, percentiles=percentiles)


def _intensities_in(path: Path, *, modality: str, percentiles: tuple[float, float]) -> Intensities:
    voxels = _voxels(path, modality)
    limits = _limits(voxels, path, percentiles=percentiles)
    shares = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return Intensities(limits=limits, head=np.quantile(voxels[head_mask(voxels)], shares))


def _voxels(path: Path, modality: str) -> NDArray[np.float32]:
    voxels = read_volume(path).voxels
    if canonical_modality(modality) != "CT":
        return voxels
    return np.maximum(voxels, np.float32(LOWEST_HU))  # scanners pad with -2000 or -3024


def _limits(voxels: NDArray[np.float32], path: Path, *, percentiles: tuple[float, float]) -> Limits:
    try:
        return foreground_limits(voxels, percentiles=percentiles)
    except SettingsError as error:
        raise CohortError(f"{path}: {error}") from None


def _in_threads(
    measure: Callable[[Path], Measured], cases: Sequence[Case], modality: str
) -> list[Measured]:
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(measure, [case.images[modality] for case in cases]))
