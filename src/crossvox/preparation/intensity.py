"""Between a volume's unit and network scale, [-1, 1]."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import SettingsError
from crossvox.volume.foreground import ascending, otsu_threshold, percentile
from crossvox.volume.volume import Volume

ScaleKind = Literal["window", "cohort", "volume"]
Limits = tuple[float, float]

PERCENTILES = (0.5, 99.5)
OUTLYING = 4.0  # ranges of the median volume: limits farther away do not set a cohort's


@dataclass(frozen=True, kw_only=True)
class IntensityScale:
    """Which intensities become -1 and 1.

    Attributes:
        kind: "window": `limits` are fixed; "cohort": `limits` span the training cohort's;
            "volume": each volume's own percentiles, `limits` being the training cohort's median,
            by which a synthesized volume is restored.
        limits: Low and high, in the volume's unit.
        percentiles: Of the foreground; the low limit is no higher than the background.
    """

    kind: ScaleKind
    limits: Limits
    percentiles: tuple[float, float] = PERCENTILES

    def __post_init__(self) -> None:
        low, high = self.limits
        if not low < high:
            raise SettingsError(f"an intensity scale needs low < high, got {low:g} and {high:g}")

    def limits_of(self, volume: Volume) -> Limits:
        """Low and high for this volume."""
        if self.kind != "volume":
            return self.limits
        return foreground_limits(volume.voxels, percentiles=self.percentiles)

    def normalize(self, volume: Volume) -> Volume:
        """`volume` in [-1, 1], clipped at the limits."""
        low, high = self.limits_of(volume)
        voxels = volume.voxels - np.float32(low)
        voxels *= np.float32(2 / (high - low))
        voxels -= 1
        return volume.with_voxels(np.clip(voxels, -1, 1, out=voxels), unit="normalized")

    def restore(self, volume: Volume, *, unit: str) -> Volume:
        """The volume in `unit` whose normalized form `volume` is."""
        low, high = self.limits
        voxels = volume.voxels + np.float32(1)
        voxels *= np.float32((high - low) / 2)
        voxels += np.float32(low)
        return volume.with_voxels(voxels, unit=unit)


def fit_scale(
    volumes_limits: Sequence[Limits], *, kind: ScaleKind, percentiles: tuple[float, float]
) -> IntensityScale:
    """Scale of a training cohort from the foreground limits of each of its volumes.

    "cohort" takes the lowest low and the highest high, so that no volume is clipped by more than
    its own percentiles; limits beyond four times the median range are left out, so that a volume
    in another unit does not press all others into one gray level. "volume" takes the medians.
    """
    lows, highs = np.array(volumes_limits, dtype=np.float64).T
    low, high = float(np.median(lows)), float(np.median(highs))
    if kind == "cohort":
        reach = OUTLYING * (high - low)
        low, high = lows[lows >= low - reach].min(), highs[highs <= low + reach].max()
    limits = (float(low), float(high))
    return IntensityScale(kind=kind, limits=limits, percentiles=percentiles)


def foreground_limits(
    voxels: NDArray[np.float32], *, percentiles: tuple[float, float] = PERCENTILES
) -> Limits:
    """Limits of the foreground of a volume, the low one taken down to the background's level.

    Raises:
        SettingsError: The foreground is constant.
    """
    ordered = ascending(voxels)
    threshold = np.float32(otsu_threshold(ordered))  # another type would copy all of them
    inside = ordered[np.searchsorted(ordered, threshold, side="right") :]
    if not inside.size:
        raise SettingsError(f"the volume is constant at {ordered[0]:g}: nothing to scale by")
    low, high = (percentile(inside, share) for share in percentiles)
    background = percentile(ordered, percentiles[0])
    limits = (min(low, background), high)
    if not limits[0] < limits[1]:
        raise SettingsError(f"the foreground is constant at {limits[1]:g}: nothing to scale by")
    return limits
