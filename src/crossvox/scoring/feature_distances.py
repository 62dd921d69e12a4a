"""Distances between the features of a method's volumes and those of the references."""

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
    """Frechet distance of random 3D features; NaN if too few cells are inside the masks."""
    synthesized, reference = _clouds(results, method, lambda result: result.features)
    return _frechet(synthesized, reference)


def fid_of(results: Sequence[CaseResult], method: str) -> float:
    """Frechet distance of the Inception features of slices; NaN for fewer than two slices."""
    synthesized, reference = _clouds(results, method, lambda result: result.slice_features)
    return _frechet(synthesized, reference)


def kid_of(results: Sequence[CaseResult], method: str) -> KernelDistance:
    """Kernel distance of the Inception features of slices; NaN for fewer than three slices."""
    synthesized, reference = _clouds(results, method, lambda result: result.slice_features)
    if min(len(synthesized), len(reference)) < FEWEST_FOR_KID:
        return KernelDistance(value=math.nan, standard_error=math.nan)
    return kid(synthesized, reference)


def images_of(results: Sequence[CaseResult]) -> int:
    """Number of reference slices behind FID and KID; 0 without an Inception network."""
    return sum(len(result.slice_features.get(REFERENCE, ())) for result in results)


def _clouds(results: Sequence[CaseResult], method: str, features: Features) -> tuple[Cloud, Cloud]:
    """Feature clouds of the cases that have the method, so both sides show the same people."""
    clouds = [by_method for by_method in map(features, results) if method in by_method]
    synthesized = np.concatenate([by_method[method] for by_method in clouds])
    return synthesized, np.concatenate([by_method[REFERENCE] for by_method in clouds])


def _frechet(synthesized: Cloud, reference: Cloud) -> float:
    if min(len(synthesized), len(reference)) < FEWEST_FOR_FRECHET:
        return math.nan
    return frechet_distance(synthesized, reference)
