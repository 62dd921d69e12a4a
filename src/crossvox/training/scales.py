"""Plan intensity scales by the error that a perfect network would have with each."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from crossvox.cohort import Case
from crossvox.cohort.names import canonical_modality
from crossvox.errors import SettingsError
from crossvox.preparation.intensity import IntensityScale, Limits, ScaleKind, fit_scale
from crossvox.training.experiment import CohortSettings, PreparationSettings, limits_listed
from crossvox.training.intensities import LOWEST_HU, read_intensities, read_limits

Setting = TypeVar("Setting")

UNIT_OF_MODALITY = {"CT": "HU"}
HU_LIMITS = (LOWEST_HU, 3071.0)
CANDIDATES: tuple[ScaleKind, ...] = ("cohort", "volume")  # a tie goes to the first
MOST_PEOPLE = 50  # training cases that are read to plan scales
FEWEST_PEOPLE = 5  # training cases needed to regress the target's gain on the source's
LARGEST_RESIDUAL = 0.8  # residual over deviation of the target's gain, if the source predicts it


@dataclass(frozen=True, kw_only=True)
class ScaleChoice:
    """The kind of scale of a modality and the reason for it.

    Attributes:
        modality: Modality whose volumes are scaled.
        kind: Kind of intensity scale.
        reason: Reason for the kind, in a few words.
        floors: Mean absolute error of a perfect network inside the head, in the target's unit, by
            kind of scale; empty if there was no choice.
    """

    modality: str
    kind: ScaleKind
    reason: str
    floors: Mapping[ScaleKind, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.modality} scale {self.kind}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class ScalePlan:
    """Settings of all scales after planning, with their reasons.

    Attributes:
        settings: Preparation settings with scales, limits and unit filled.
        sources: Scales of the source modalities, in their order.
        target: Scale of the target modality.
    """

    settings: PreparationSettings
    sources: tuple[ScaleChoice, ...]
    target: ScaleChoice


def plan_scales(
    requested: PreparationSettings, *, cohort: CohortSettings, cases: Sequence[Case]
) -> ScalePlan:
    """Plan the scales that the `requested` settings leave open, from the training cases.

    CT gets a window in Hounsfield units. The target gets the scale with the lower error of a
    perfect network. A source gets "cohort" if its gain predicts the target's, else "volume".

    Raises:
        CohortError: A volume cannot be scaled.
        FileError: A volume cannot be read.
        SettingsError: The number of source scales is not the number of sources.
    """
    sample = cases[:: math.ceil(len(cases) / MOST_PEOPLE)]
    default_unit = UNIT_OF_MODALITY.get(canonical_modality(cohort.target), "arbitrary")
    unit = requested.target_unit or default_unit
    target = _target_choice(requested, sample, modality=cohort.target, unit=unit)
    kinds = source_kinds(requested, sources=len(cohort.source))
    percentiles = requested.percentiles
    sources = tuple(
        _source_choice(kind, sample, modality=modality, target=target, percentiles=percentiles)
        for kind, modality in zip(kinds, cohort.source, strict=True)
    )
    windowed = [choice.modality for choice in sources if choice.kind == "window"]
    hounsfield = windowed and all(canonical_modality(name) == "CT" for name in windowed)
    target_limits = HU_LIMITS if target.kind == "window" and unit == "HU" else None
    chosen = tuple(choice.kind for choice in sources)
    settings = replace(
        requested,
        source_scale=chosen[0] if len(set(chosen)) == 1 else chosen,
        source_limits=requested.source_limits or (HU_LIMITS if hounsfield else None),
        target_scale=target.kind,
        target_limits=requested.target_limits or target_limits,
        target_unit=unit,
    )
    return ScalePlan(settings=settings, sources=sources, target=target)


def source_kinds(settings: PreparationSettings, *, sources: int) -> tuple[ScaleKind | None, ...]:
    """Kind of scale of each source modality; None if it is open.

    Raises:
        SettingsError: The number of kinds is not the number of sources.
    """
    kinds = settings.source_scale
    if not isinstance(kinds, tuple):
        return (kinds,) * sources
    return _as_many(kinds, sources=sources, name="source_scale")


def source_windows(settings: PreparationSettings, *, sources: int) -> tuple[Limits | None, ...]:
    """Limits of the window of each source modality; None if they are not set.

    Raises:
        SettingsError: The number of pairs is not the number of sources.
    """
    pairs = limits_listed(settings.source_limits)
    if len(pairs) <= 1:
        return (pairs[0] if pairs else None,) * sources
    return _as_many(pairs, sources=sources, name="source_limits")


def perfect_network_mae(scale: IntensityScale, *, modality: str, cases: Sequence[Case]) -> float:
    """Mean absolute error of a perfect network whose predictions are restored by `scale`.

    Returns:
        Mean over `cases` of the error inside the head, in the unit of `modality`.

    Raises:
        CohortError: A volume has no foreground.
        FileError: A volume cannot be read.
    """
    volumes = read_intensities(cases, modality, percentiles=scale.percentiles)
    return float(np.mean([volume.cost(scale) for volume in volumes]))


def _as_many(values: tuple[Setting, ...], *, sources: int, name: str) -> tuple[Setting, ...]:
    if len(values) != sources:
        raise SettingsError(
            f"preparation.{name} has {len(values)} values for {sources} source(s);"
            " set a single value for all sources, or as many values as sources"
        )
    return values


def _target_choice(
    settings: PreparationSettings, cases: Sequence[Case], *, modality: str, unit: str
) -> ScaleChoice:
    if settings.target_scale is not None:
        return ScaleChoice(modality=modality, kind=settings.target_scale, reason="as set")
    if unit == "HU":
        return ScaleChoice(modality=modality, kind="window", reason="Hounsfield units are absolute")
    volumes = read_intensities(cases, modality, percentiles=settings.percentiles)
    limits = [volume.limits for volume in volumes]
    ranges = np.array([high - low for low, high in limits])
    floors: dict[ScaleKind, float] = {}
    shares: dict[ScaleKind, float] = {}
    for kind in CANDIDATES:
        scale = fit_scale(limits, kind=kind, percentiles=settings.percentiles)
        costs = np.array([volume.cost(scale) for volume in volumes])
        floors[kind], shares[kind] = float(costs.mean()), float((costs / ranges).mean())
    # Shares of the range, so that a volume in another unit does not dominate the mean.
    best = min(CANDIDATES, key=lambda kind: (shares[kind], CANDIDATES.index(kind)))
    listed = " and ".join(
        f"{floors[kind]:.3g} with {kind} ({shares[kind]:.1%} of the range)" for kind in CANDIDATES
    )
    reason = f"a perfect network would have a mean absolute error of {listed}"
    return ScaleChoice(modality=modality, kind=best, reason=reason, floors=floors)


def _source_choice(
    kind: ScaleKind | None,
    cases: Sequence[Case],
    *,
    modality: str,
    target: ScaleChoice,
    percentiles: tuple[float, float],
) -> ScaleChoice:
    if kind is not None:
        return ScaleChoice(modality=modality, kind=kind, reason="as set")
    if canonical_modality(modality) == "CT":
        return ScaleChoice(modality=modality, kind="window", reason="Hounsfield units are absolute")
    if target.kind != "cohort" or len(cases) < FEWEST_PEOPLE:
        return ScaleChoice(
            modality=modality, kind="volume", reason="gains differ from scan to scan"
        )
    deviation, residual = _deviations(
        *(_gains(cases, name, percentiles) for name in (modality, target.modality))
    )
    reason = (
        f"its gain predicts that of {target.modality} with an error of {residual:.1%}, against"
        f" {deviation:.1%} for the mean gain"
    )
    chosen: ScaleKind = "cohort" if residual <= LARGEST_RESIDUAL * deviation else "volume"
    return ScaleChoice(modality=modality, kind=chosen, reason=reason)


def _gains(
    cases: Sequence[Case], modality: str, percentiles: tuple[float, float]
) -> NDArray[np.float64]:
    """Gain of each volume: logarithm of its foreground range."""
    limits = read_limits(cases, modality, percentiles=percentiles)
    return np.log([high - low for low, high in limits])


def _deviations(source: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[float, float]:
    """Leave-one-out RMS errors of the target, predicted by the mean and by a regression line."""
    by_mean, by_line = [], []
    for index in range(len(target)):
        others = np.arange(len(target)) != index
        x, y = source[others] - source[others].mean(), target[others]
        slope = x @ y / max(float(x @ x), np.finfo(float).tiny)
        by_mean.append(target[index] - y.mean())
        by_line.append(by_mean[-1] - slope * (source[index] - source[others].mean()))
    return float(np.sqrt(np.mean(np.square(by_mean)))), float(np.sqrt(np.mean(np.square(by_line))))
