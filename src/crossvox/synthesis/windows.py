"""Synthesis in overlapping windows, for volumes that must not or cannot be processed whole."""

from collections.abc import Callable, Iterator
from itertools import product

import torch
from torch import Tensor

from crossvox.contract import Noise

Sizes = tuple[int, int, int]
Place = tuple[slice, slice, slice]

SIGMA_SHARE = 0.125  # sigma over window size: the Gaussian falls to 3e-4 at the window's faces
SMALLEST_WEIGHT = 1e-3  # of a voxel in a window; the largest is 1


def synthesize_in_windows(
    synthesize: Callable[[Tensor, Noise], Tensor],
    source: Tensor,
    *,
    noise: Noise,
    window: Sizes,
    overlap: float = 0.5,
) -> Tensor:
    """Synthesize (1, 1, X, Y, Z) from `source` (1, C, X, Y, Z) in Gaussian-weighted windows.

    Each voxel is the weighted mean over the windows that contain it, so a network that maps each
    voxel independently leaves no seams.

    Args:
        synthesize: Function from a source (1, C, x, y, z) and its noise to (1, 1, x, y, z).
        source: Source of any size; larger windows are cropped to it.
        noise: Noise of the whole volume; each window uses its part, so that windows agree.
        window: Size of a window in voxels.
        overlap: Share of a window that its neighbor also covers, in [0, 1).

    Source:
        Isensee et al. 2021, doi 10.1038/s41592-020-01008-z (Gaussian importance weighting)
    """
    sizes: Sizes = (source.shape[2], source.shape[3], source.shape[4])
    window = (min(window[0], sizes[0]), min(window[1], sizes[1]), min(window[2], sizes[2]))
    weights = _gaussian(window)
    total = torch.zeros((1, 1, *sizes), dtype=torch.float32)
    total_weights = torch.zeros((1, 1, *sizes), dtype=torch.float32)
    for x, y, z in _places(sizes, window, overlap=overlap):
        part = synthesize(source[:, :, x, y, z], _part(noise, (x, y, z))).float().cpu()
        total[:, :, x, y, z] += part * weights
        total_weights[:, :, x, y, z] += weights
    return total / total_weights


def _part(noise: Noise, place: Place) -> Noise:
    x, y, z = place
    return lambda step: noise(step)[:, :, x, y, z]


def _places(sizes: Sizes, window: Sizes, *, overlap: float) -> Iterator[Place]:
    starts = []
    for size, extent in zip(sizes, window, strict=True):
        step = max(1, round(extent * (1 - overlap)))
        count = 1 + -(-(size - extent) // step)
        starts.append([min(index * step, size - extent) for index in range(count)])
    for corner in product(*starts):
        x, y, z = (slice(at, at + extent) for at, extent in zip(corner, window, strict=True))
        yield x, y, z


def _gaussian(window: Sizes) -> Tensor:
    weights = torch.ones(window)
    for axis, size in enumerate(window):
        distance = torch.arange(size) - (size - 1) / 2
        profile = torch.exp(-0.5 * (distance / (SIGMA_SHARE * size)) ** 2)
        shape = [1, 1, 1]
        shape[axis] = size
        weights = weights * profile.reshape(shape)
    return weights.clamp(min=SMALLEST_WEIGHT)
