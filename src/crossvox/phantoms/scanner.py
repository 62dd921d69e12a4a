"""Simulated effects of a scanner: grid, point spread, coil shading and noise."""

import numpy as np
from einops import einsum
from numpy.typing import NDArray

from crossvox.phantoms.shapes import Triple, draw_waves, rotation
from crossvox.volume import Grid

FIELD_OF_VIEW_MM = 224.0
FIELD_OF_VIEW_CENTER_MM = (0.0, -7.0, -10.0)
OBLIQUE_AXIS: Triple = (0.8, 0.36, 0.48)
SHADING_SHORTEST_MM = 250.0
SHADING_LONGEST_MM = 500.0
SIGMA_PER_FWHM = 1 / np.sqrt(8 * np.log(2))

Voxels = NDArray[np.float32]


def scanner_grid(size: int, *, slice_thickness_factor: int, oblique_degrees: float) -> Grid:
    """Grid of a cube that a head fills, with `size` voxels along X and Y and slices along Z."""
    spacing = np.full(3, FIELD_OF_VIEW_MM / size)
    spacing[2] *= slice_thickness_factor
    shape = (size, size, size // slice_thickness_factor)
    affine = np.eye(4)
    affine[:3, :3] = rotation(OBLIQUE_AXIS, degrees=oblique_degrees) * spacing
    affine[:3, 3] = FIELD_OF_VIEW_CENTER_MM - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, affine)


def blur(voxels: Voxels, *, fwhm_mm: float, spacing_mm: Triple) -> Voxels:
    """Blur `voxels` with a Gaussian point spread, with weights renormalized at the border."""
    if fwhm_mm == 0:
        return voxels
    for axis, spacing in enumerate(spacing_mm):
        spread = _spread(voxels.shape[axis], fwhm_mm * SIGMA_PER_FWHM / spacing)
        along = np.moveaxis(voxels, axis, 0)
        blurred = einsum(spread, along, "seen true, true rows columns -> seen rows columns")
        voxels = np.ascontiguousarray(np.moveaxis(blurred, 0, axis))
    return voxels


def shading(grid: Grid, *, strength: float, generator: np.random.Generator) -> Voxels:
    """Sensitivity map of a receive coil: smooth, positive, 1 on average.

    Args:
        grid: Grid of the map.
        strength: Standard deviation of the map's logarithm.
        generator: Random generator that draws the map.
    """
    waves = draw_waves(
        generator, count=6, shortest_mm=SHADING_SHORTEST_MM, longest_mm=SHADING_LONGEST_MM
    )
    indices = np.indices(grid.shape, dtype=np.float64).reshape(3, -1)
    field = waves.at(np.ascontiguousarray(grid.to_mm(indices.T).T, dtype=np.float32))
    field = (field - field.mean()) / max(float(field.std()), 1e-6)
    sensitivity = np.exp(np.float32(strength) * field).reshape(grid.shape)
    shaded: Voxels = sensitivity / sensitivity.mean()
    return shaded


def rician(voxels: Voxels, *, sigma: float, generator: np.random.Generator) -> Voxels:
    """Magnitude of `voxels` with Gaussian noise in both channels of the receiver.

    Args:
        voxels: Signed signal.
        sigma: Standard deviation in one channel, in the unit of the signal.
        generator: Random generator that draws the noise.

    Source:
        Gudbjartsson 1995, doi:10.1002/mrm.1910340618
    """
    real, imaginary = sigma * generator.standard_normal((2, *voxels.shape), dtype=np.float32)
    magnitude: Voxels = np.hypot(voxels + real, imaginary)
    return magnitude


def gaussian(voxels: Voxels, *, sigma: float, generator: np.random.Generator) -> Voxels:
    """Add Gaussian noise of standard deviation `sigma` to `voxels`."""
    noise: Voxels = generator.standard_normal(voxels.shape, dtype=np.float32)
    return voxels + np.float32(sigma) * noise


def poisson(voxels: Voxels, *, noise: float, generator: np.random.Generator) -> Voxels:
    """Poisson counts of decays, scaled back to the unit of `voxels`.

    Args:
        voxels: Non-negative activity.
        noise: Relative standard deviation where the activity is 1; 0 for no noise.
        generator: Random generator that draws the counts.
    """
    if noise == 0:
        return voxels
    counts = generator.poisson(voxels / noise**2)
    return (counts * noise**2).astype(np.float32)


def _spread(count: int, sigma: float) -> NDArray[np.float32]:
    """(seen, true) weights of a Gaussian of `sigma` voxels."""
    offsets = np.subtract.outer(np.arange(count), np.arange(count))
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    normalized: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(
        np.float32
    )
    return normalized
