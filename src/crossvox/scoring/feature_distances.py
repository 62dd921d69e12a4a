"""How far the features of all volumes of a method lie from those of the references."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crossvox.metrics import KernelDistance, frechet_distance, kid
from crossvox.scoring.results import CaseResult

REFERENCE = "reference"
FEWEST_FOR_FRECHET = 2
FEWEST_FOR_KID = 3

Cloud = NDArray[np.float32]
Features = Callable[[CaseResult], Mapping[str, Cloud]]


def frechet_random3d_of(results: Sequence[CaseResult], method: str) -> float:
    """Frechet distance of random 3D features; NaN where too few cells lie inside the masks."""
    made, real = _clouds(results, method, lambda result: result.features)
    return _frechet(made, real)


def fid_of(results: Sequence[CaseResult], method: str) -> float:
    """Frechet distance of the Inception features of slices."""
    made, real = _clouds(results, method, lambda result: result.slice_features)
    return _frechet(made, real)


def kid_of(results: Sequence[CaseResult], method: str) -> KernelDistance:
    """Kernel distance of the Inception features of slices."""
    made, real = _clouds(results, method, lambda result: result.slice_features)
    if min(len(made), len(real)) < FEWEST_FOR_KID:
        return KernelDistance(value=math.nan, standard_error=math.nan)
    return kid(made, real)


def images_of(results: Sequence[CaseResult]) -> int:
    """How many slices of references stand behind FID and KID; 0 without an Inception network."""
    return sum(len(result.slice_features.get(REFERENCE, ())) for result in results)


def _clouds(results: Sequence[CaseResult], method: str, features: Features) -> tuple[Cloud, Cloud]:
    """Over the cases that have the method, so that both clouds come from the same people."""
    having = [found for found in map(features, results) if method in found]
    made = np.concatenate([found[method] for found in having])
    return made, np.concatenate([found[REFERENCE] for found in having])


def _frechet(made: Cloud, real: Cloud) -> float:
    if min(len(made), len(real)) < FEWEST_FOR_FRECHET:
        return math.nan
    return frechet_distance(made, real)
