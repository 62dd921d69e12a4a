"""Which intensity scales are planned, and why: what a perfect network would score with each."""

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

UNITS = {"CT": "HU"}
HU_LIMITS = (LOWEST_HU, 3071.0)
CANDIDATES: tuple[ScaleKind, ...] = ("cohort", "volume")  # the first where both are as good
MOST_PEOPLE = 50  # training cases that a plan looks at
FEWEST_PEOPLE = 5  # training cases from which a relation between gains can be told
FOLLOWS = 0.8  # of the target gain's deviation: what a source that tells it leaves


@dataclass(frozen=True, kw_only=True)
class ScaleChoice:
    """The scale of one modality and what speaks for it.

    Attributes:
        modality: Whose volumes are scaled.
        kind: The scale.
        reason: In a few words.
        floors: Mean absolute error, in the target's unit inside the head, of a network that makes
            no error itself, by kind of scale; empty where there was nothing to choose.
    """

    modality: str
    kind: ScaleKind
    reason: str
    floors: Mapping[ScaleKind, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.modality} scale {self.kind}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class ScalePlan:
    """Settings of all scales, none left open, with the reasons of each.

    Attributes:
        settings: What was given, its scales, limits and unit filled.
        sources: In the order of the source modalities.
        target: Of the target modality.
    """

    settings: PreparationSettings
    sources: tuple[ScaleChoice, ...]
    target: ScaleChoice


def plan_scales(
    given: PreparationSettings, *, cohort: CohortSettings, cases: Sequence[Case]
) -> ScalePlan:
    """The scales that settings leave open, from the training cases.

    CT has the window of Hounsfield units. The target's scale is the one that costs a perfect
    network less; a source's is the cohort's where its gain tells the target's, else each
    volume's own.

    Raises:
        CohortError: A volume cannot be scaled.
        FileError: A volume cannot be read.
        SettingsError: There are more or fewer source scales than sources.
    """
    few = cases[:: math.ceil(len(cases) / MOST_PEOPLE)]
    unit = given.target_unit or UNITS.get(canonical_modality(cohort.target), "arbitrary")
    target = _target_choice(given, few, modality=cohort.target, unit=unit)
    kinds = source_kinds(given, sources=len(cohort.source))
    sources = tuple(
        _source_choice(kind, few, modality=modality, target=target, percentiles=given.percentiles)
        for kind, modality in zip(kinds, cohort.source, strict=True)
    )
    windowed = [choice.modality for choice in sources if choice.kind == "window"]
    hounsfield = windowed and all(canonical_modality(name) == "CT" for name in windowed)
    target_limits = HU_LIMITS if target.kind == "window" and unit == "HU" else None
    chosen = tuple(choice.kind for choice in sources)
    settings = replace(
        given,
        source_scale=chosen[0] if len(set(chosen)) == 1 else chosen,
        source_limits=given.source_limits or (HU_LIMITS if hounsfield else None),
        target_scale=target.kind,
        target_limits=given.target_limits or target_limits,
        target_unit=unit,
    )
    return ScalePlan(settings=settings, sources=sources, target=target)


def source_kinds(settings: PreparationSettings, *, sources: int) -> tuple[ScaleKind | None, ...]:
    """The kind of scale of each source modality; None where it is left open.

    Raises:
        SettingsError: There are more or fewer than sources.
    """
    kinds = settings.source_scale
    if not isinstance(kinds, tuple):
        return (kinds,) * sources
    return _as_many(kinds, sources=sources, name="source_scale")


def source_windows(settings: PreparationSettings, *, sources: int) -> tuple[Limits | None, ...]:
    """The limits of each source modality; None where none are set.

    Raises:
        SettingsError: There are more or fewer than sources.
    """
    pairs = limits_listed(settings.source_limits)
    if len(pairs) <= 1:
        return (pairs[0] if pairs else None,) * sources
    return _as_many(pairs, sources=sources, name="source_limits")


def perfect_network_mae(scale: IntensityScale, *, modality: str, cases: Sequence[Case]) -> float:
    """What a network that makes no error itself scores, its answers restored by `scale`.

    Returns:
        Mean over `cases` of the mean absolute error of `modality` inside the head, in its unit.

    Raises:
        CohortError: A volume has no foreground.
        FileError: A volume cannot be read.
    """
    people = read_intensities(cases, modality, percentiles=scale.percentiles)
    return float(np.mean([person.cost(scale) for person in people]))


def _as_many(values: tuple[Setting, ...], *, sources: int, name: str) -> tuple[Setting, ...]:
    if len(values) != sources:
        raise SettingsError(
            f"preparation.{name} has {len(values)} values for {sources} source(s);"
            " give one for all or one for each"
        )
    return values


def _target_choice(
    given: PreparationSettings, cases: Sequence[Case], *, modality: str, unit: str
) -> ScaleChoice:
    if given.target_scale is not None:
        return ScaleChoice(modality=modality, kind=given.target_scale, reason="as set")
    if unit == "HU":
        return ScaleChoice(modality=modality, kind="window", reason="Hounsfield units are absolute")
    people = read_intensities(cases, modality, percentiles=given.percentiles)
    limits = [person.limits for person in people]
    ranges = np.array([high - low for low, high in limits])
    floors: dict[ScaleKind, float] = {}
    shares: dict[ScaleKind, float] = {}
    for kind in CANDIDATES:
        scale = fit_scale(limits, kind=kind, percentiles=given.percentiles)
        costs = np.array([person.cost(scale) for person in people])
        floors[kind], shares[kind] = float(costs.mean()), float((costs / ranges).mean())
    # Shares, so that a volume in another unit counts as one of many.
    best = min(CANDIDATES, key=lambda kind: (shares[kind], CANDIDATES.index(kind)))
    listed = " and ".join(
        f"{floors[kind]:.3g} with {kind} ({shares[kind]:.1%} of the range)" for kind in CANDIDATES
    )
    reason = f"a perfect network would be off by {listed}"
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
    unknown, left = _deviations(
        *(_gains(cases, name, percentiles) for name in (modality, target.modality))
    )
    told = f"knowing its gain, {target.modality}'s is off by {left:.1%}, else by {unknown:.1%}"
    chosen: ScaleKind = "cohort" if left <= FOLLOWS * unknown else "volume"
    return ScaleChoice(modality=modality, kind=chosen, reason=told)


def _gains(
    cases: Sequence[Case], modality: str, percentiles: tuple[float, float]
) -> NDArray[np.float64]:
    """Logarithm of each volume's foreground range."""
    limits = read_limits(cases, modality, percentiles=percentiles)
    return np.log([high - low for low, high in limits])


def _deviations(source: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[float, float]:
    """Deviation of each target from the others' mean, and from their line over the source."""
    unknown, left = [], []
    for index in range(len(target)):
        others = np.arange(len(target)) != index
        x, y = source[others] - source[others].mean(), target[others]
        slope = x @ y / max(float(x @ x), np.finfo(float).tiny)
        unknown.append(target[index] - y.mean())
        left.append(unknown[-1] - slope * (source[index] - source[others].mean()))
    return float(np.sqrt(np.mean(np.square(unknown)))), float(np.sqrt(np.mean(np.square(left))))
