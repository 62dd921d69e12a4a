"""Similarity of two volumes: voxel-wise errors, PSNR and SSIM.

Every function takes the synthesized voxels first and the reference second, both (X, Y, Z) in the
target's unit, and a boolean mask of the same shape; without a mask every voxel counts.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from crossvox.errors import GridError, SettingsError

Voxels = NDArray[np.floating]
Mask = NDArray[np.bool_]

K_LUMINANCE = 0.01
K_CONTRAST = 0.03


@dataclass(frozen=True, kw_only=True)
class SsimWindow:
    """SSIM window around a voxel.

    Attributes:
        shape: Weighting inside the window.
        size: Number of voxels along each axis, odd.
        sigma: Standard deviation of the Gaussian in voxels; ignored for a uniform window.
        covariance: Estimator: "sample" divides by n - 1, "population" by n.
    """

    shape: Literal["gaussian", "uniform"]
    size: int
    sigma: float = 1.5
    covariance: Literal["population", "sample"] = "population"

    @property
    def radius(self) -> int:
        """Voxels on each side of the center."""
        return self.size // 2

    def __str__(self) -> str:
        weights = f"Gaussian sigma {self.sigma:g}" if self.shape == "gaussian" else "uniform"
        return f"{weights}, {self.size} voxels wide, {self.covariance} covariance"


GAUSSIAN = SsimWindow(shape="gaussian", size=11)
UNIFORM7 = SsimWindow(shape="uniform", size=7, covariance="sample")


def mae(synthesized: Voxels, reference: Voxels, *, mask: Mask | None = None) -> float:
    """Mean absolute difference, in the volumes' unit."""
    return float(np.abs(_differences(synthesized, reference, mask)).mean())


def rmse(synthesized: Voxels, reference: Voxels, *, mask: Mask | None = None) -> float:
    """Root of the mean squared difference, in the volumes' unit."""
    return math.sqrt(float(np.square(_differences(synthesized, reference, mask)).mean()))


def bias(synthesized: Voxels, reference: Voxels, *, mask: Mask | None = None) -> float:
    """Mean of synthesized minus reference, in the volumes' unit."""
    return float(_differences(synthesized, reference, mask).mean())


def nmae(
    synthesized: Voxels, reference: Voxels, *, data_range: float, mask: Mask | None = None
) -> float:
    """`mae` as a fraction of the stated range."""
    return mae(synthesized, reference, mask=mask) / _positive(data_range)


def nrmse(
    synthesized: Voxels, reference: Voxels, *, data_range: float, mask: Mask | None = None
) -> float:
    """`rmse` as a fraction of the stated range."""
    return rmse(synthesized, reference, mask=mask) / _positive(data_range)


def psnr(
    synthesized: Voxels, reference: Voxels, *, data_range: float, mask: Mask | None = None
) -> float:
    """Peak signal-to-noise ratio in decibels; infinite for identical volumes.

    Args:
        synthesized: Synthesized voxels.
        reference: Reference voxels.
        data_range: Range of the *reference*; never that of the synthesized volume.
        mask: Voxels that count; None for all.
    """
    error = nrmse(synthesized, reference, data_range=data_range, mask=mask)
    return math.inf if error == 0 else -20 * math.log10(error)


def ssim_map(
    synthesized: Voxels,
    reference: Voxels,
    *,
    data_range: float,
    window: SsimWindow = GAUSSIAN,
    slice_axis: int | None = None,
) -> Voxels:
    """Structural similarity around every voxel, at most 1.

    Volumes are mirrored beyond their borders (d c b a | a b c d), repeatedly for a window wider
    than the volume, so any size is allowed.

    Args:
        synthesized: Synthesized voxels.
        reference: Reference voxels.
        data_range: Range L of the stabilizing constants.
        window: SSIM window.
        slice_axis: Axis along which the window has no extent, which gives 2D SSIM of each slice
            perpendicular to it; None for 3D SSIM.

    Returns:
        Map in the precision of the volumes: float32 for float32 volumes, accurate to about 1e-5
        at a voxel and 1e-7 on average.

    Source:
        Wang, Bovik, Sheikh, Simoncelli 2004, doi 10.1109/TIP.2003.819861, equation 13
    """
    _check_shapes(synthesized, reference, None)
    axes = tuple(axis for axis in range(reference.ndim) if axis != slice_axis)
    x, y, center = _centered(synthesized, reference, _positive(data_range))
    mean_x, mean_y = _smooth(x, window, axes), _smooth(y, window, axes)
    # Only the sum of the two variances is needed, so three second moments take two passes.
    scale = _covariance_scale(window, len(axes))
    covariance = scale * (_smooth(x * y, window, axes) - mean_x * mean_y)
    variances = scale * (_smooth(x**2 + y**2, window, axes) - mean_x**2 - mean_y**2)
    mean_x += center
    mean_y += center
    # Two quotients, because a product of fourth powers overflows if units differ by 1e10.
    luminance = (2 * mean_x * mean_y + K_LUMINANCE**2) / (mean_x**2 + mean_y**2 + K_LUMINANCE**2)
    contrast = (2 * covariance + K_CONTRAST**2) / (variances + K_CONTRAST**2)
    return np.asarray(luminance * contrast)


def ssim(
    synthesized: Voxels,
    reference: Voxels,
    *,
    data_range: float,
    mask: Mask,
    window: SsimWindow = GAUSSIAN,
) -> float:
    """Mean of `ssim_map` inside `mask`, computed only in its neighborhood.

    Raises:
        GridError: Shapes differ or the mask is empty.
    """
    _check_shapes(synthesized, reference, mask)
    box = _grown(_box_of(mask), window.radius, mask.shape)
    similarity = ssim_map(synthesized[box], reference[box], data_range=data_range, window=window)
    return float(similarity[mask[box]].mean(dtype=np.float64))


def ssim_full(
    synthesized: Voxels, reference: Voxels, *, data_range: float, window: SsimWindow = GAUSSIAN
) -> float:
    """Mean of `ssim_map` over the whole volume, background included."""
    similarity = ssim_map(synthesized, reference, data_range=data_range, window=window)
    return float(similarity.mean(dtype=np.float64))


def ssim_slice(
    synthesized: Voxels,
    reference: Voxels,
    *,
    data_range: float,
    axis: int,
    mask: Mask | None = None,
    window: SsimWindow = GAUSSIAN,
) -> float:
    """Mean over slices of the 2D SSIM of whole slices, background included.

    Args:
        synthesized: Synthesized voxels.
        reference: Reference voxels.
        data_range: Range L of the stabilizing constants.
        axis: Axis perpendicular to the slices.
        mask: Mask that selects whole slices; None for all.
        window: SSIM window within the slice.
    """
    _check_shapes(synthesized, reference, mask)
    similarity = ssim_map(
        synthesized, reference, data_range=data_range, slice_axis=axis, window=window
    )
    others = tuple(other for other in range(similarity.ndim) if other != axis)
    touched = slice(None) if mask is None else mask.any(axis=others)
    return float(similarity.mean(axis=others, dtype=np.float64)[touched].mean())


def _differences(synthesized: Voxels, reference: Voxels, mask: Mask | None) -> NDArray[np.float64]:
    _check_shapes(synthesized, reference, mask)
    inside = ... if mask is None else mask
    return np.subtract(synthesized[inside], reference[inside], dtype=np.float64)


def _check_shapes(synthesized: Voxels, reference: Voxels, mask: Mask | None) -> None:
    if synthesized.shape != reference.shape:
        raise GridError(
            f"synthesized has shape {synthesized.shape}, the reference {reference.shape};"
            " bring both to one grid"
        )
    if mask is None:
        return
    if mask.shape != reference.shape:
        raise GridError(
            f"the mask has shape {mask.shape}, the volumes {reference.shape}; bring all to one grid"
        )
    if not mask.any():
        raise GridError("the mask is empty; give a mask with at least one voxel")


def _positive(data_range: float) -> float:
    if not (math.isfinite(data_range) and data_range > 0):
        raise SettingsError(f"data_range must be positive and finite, got {data_range}")
    return data_range


def _centered(
    synthesized: Voxels, reference: Voxels, data_range: float
) -> tuple[Voxels, Voxels, float]:
    """Both volumes minus the reference's mean, divided by the range, to limit cancellation."""
    precision = np.result_type(synthesized, reference, np.float32)
    mean = float(reference.mean(dtype=np.float64))
    x, y = (
        ((voxels.astype(precision) - precision.type(mean)) / precision.type(data_range))
        for voxels in (synthesized, reference)
    )
    return x, y, mean / data_range


def _smooth(voxels: Voxels, window: SsimWindow, axes: tuple[int, ...]) -> Voxels:
    if window.shape == "uniform":
        return np.asarray(ndimage.uniform_filter(voxels, window.size, axes=axes))
    radius = window.radius
    return np.asarray(ndimage.gaussian_filter(voxels, window.sigma, radius=radius, axes=axes))


def _covariance_scale(window: SsimWindow, axes: int) -> float:
    if window.covariance == "population":
        return 1.0
    voxels = int(window.size**axes)
    return voxels / (voxels - 1)


def _box_of(mask: Mask) -> tuple[slice, ...]:
    box: list[slice] = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        touched = np.flatnonzero(mask.any(axis=others))
        box.append(slice(int(touched[0]), int(touched[-1]) + 1))
    return tuple(box)


def _grown(box: tuple[slice, ...], radius: int, shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(
        slice(max(0, side.start - radius), min(size, side.stop + radius))
        for side, size in zip(box, shape, strict=True)
    )
