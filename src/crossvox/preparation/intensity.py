"""Convert intensities between a volume's unit and the network scale, [-1, 1]."""

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
OUTLIER_RANGES = 4.0  # distance in median ranges beyond which a volume's limits are ignored


@dataclass(frozen=True, kw_only=True)
class IntensityScale:
    """Linear mapping of intensities to [-1, 1].

    Attributes:
        kind: Origin of the limits: "window" for fixed `limits`; "cohort" for `limits` that span
            the training cohort; "volume" for each volume's own percentiles, with the training
            cohort's median `limits` to restore synthesized volumes.
        limits: Intensities (low, high) that map to -1 and 1, in the volume's unit.
        percentiles: Percentiles (low, high) of the foreground; the low limit is lowered to the
            background's level.
    """

    kind: ScaleKind
    limits: Limits
    percentiles: tuple[float, float] = PERCENTILES

    def __post_init__(self) -> None:
        low, high = self.limits
        if not low < high:
            raise SettingsError(
                f"the limits of an intensity scale must be low < high, got {low:g} and {high:g}"
            )

    def limits_of(self, volume: Volume) -> Limits:
        """Intensities (low, high) of `volume` that map to -1 and 1."""
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
        """Map `volume` from [-1, 1] back to intensities in `unit`."""
        low, high = self.limits
        voxels = volume.voxels + np.float32(1)
        voxels *= np.float32((high - low) / 2)
        voxels += np.float32(low)
        return volume.with_voxels(voxels, unit=unit)


def fit_scale(
    volumes_limits: Sequence[Limits], *, kind: ScaleKind, percentiles: tuple[float, float]
) -> IntensityScale:
    """Fit the scale of a training cohort to the foreground limits of its volumes.

    "cohort" takes the lowest low and the highest high, so that no volume is clipped by more than
    its own percentiles; limits beyond four times the median range are ignored, so that a volume
    in another unit does not compress all others into a single gray level. "volume" takes medians.
    """
    lows, highs = np.array(volumes_limits, dtype=np.float64).T
    low, high = float(np.median(lows)), float(np.median(highs))
    if kind == "cohort":
        reach = OUTLIER_RANGES * (high - low)
        low, high = lows[lows >= low - reach].min(), highs[highs <= low + reach].max()
    limits = (float(low), float(high))
    return IntensityScale(kind=kind, limits=limits, percentiles=percentiles)


def foreground_limits(
    voxels: NDArray[np.float32], *, percentiles: tuple[float, float] = PERCENTILES
) -> Limits:
    """Limits of a volume's foreground, with the low limit lowered to the background's level.

    Raises:
        SettingsError: The foreground is constant.
    """
    ordered = ascending(voxels)
    threshold = np.float32(otsu_threshold(ordered))  # any other dtype would copy all voxels
    inside = ordered[np.searchsorted(ordered, threshold, side="right") :]
    if not inside.size:
        raise SettingsError(
            f"the volume is constant at {ordered[0]:g}, so it has no intensity scale; check or"
            " exclude it"
        )
    low, high = (percentile(inside, share) for share in percentiles)
    background = percentile(ordered, percentiles[0])
    limits = (min(low, background), high)
    if not limits[0] < limits[1]:
        raise SettingsError(
            f"the foreground is constant at {limits[1]:g}, so it has no intensity scale; check or"
            " exclude the volume"
        )
    return limits
