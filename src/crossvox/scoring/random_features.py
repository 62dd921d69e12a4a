"""Features of a fixed random 3D network, for a Frechet distance without trained weights."""

import math
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

SEED = 20_240_612
CHANNELS = (1, 16, 32, 64)  # input, then output of each convolution
CELL_VOXELS = 2 ** (len(CHANNELS) - 1)
MIN_SHARE_INSIDE = 0.5  # of a cell
LEAKY_SLOPE = 0.2


def random_features(
    voxels: NDArray[np.float32],
    *,
    mask: NDArray[np.bool_],
    low: float,
    data_range: float,
) -> NDArray[np.float32]:
    """Compute features of each cell of 8 x 8 x 8 voxels with at least half inside `mask`.

    The network has three convolutions of 3 x 3 x 3 voxels and stride 2, with 16, 32 and 64 random
    kernels, each followed by a leaky ReLU. The weights are normally distributed with a fixed seed,
    so features from different machines are comparable.

    Args:
        voxels: Intensities, (X, Y, Z).
        mask: Mask, (X, Y, Z).
        low: Intensity mapped to 0.
        data_range: Intensity range above `low` whose upper end is mapped to 1; use the same `low`
            and range on both sides of a comparison.

    Returns:
        (cells, 64); no rows if no cell is inside the mask.
    """
    scaled = torch.from_numpy((voxels - np.float32(low)) / np.float32(data_range))
    features = scaled.float()[None, None]
    with torch.inference_mode():
        for kernels in _kernels():
            features = functional.conv3d(features, kernels, stride=2, padding=1)
            features = functional.leaky_relu(features, LEAKY_SLOPE)
        chosen = features[0][:, _cells(mask) >= MIN_SHARE_INSIDE]
    return np.asarray(chosen.T.contiguous().numpy())


@cache
def _kernels() -> tuple[Tensor, ...]:
    """Initial weights of He et al. 2015, arXiv 1502.01852, equation 15, for a leaky ReLU."""
    generator = torch.Generator().manual_seed(SEED)
    kernels = []
    for inputs, outputs in pairwise(CHANNELS):
        scale = math.sqrt(2 / ((1 + LEAKY_SLOPE**2) * inputs * 3**3))
        kernels.append(torch.randn((outputs, inputs, 3, 3, 3), generator=generator) * scale)
    return tuple(kernels)


def _cells(mask: NDArray[np.bool_]) -> Tensor:
    """Share of each cell inside the mask, (X / 8, Y / 8, Z / 8) rounded up."""
    share = torch.from_numpy(mask.astype(np.float32))[None, None]
    padding = [(-size) % CELL_VOXELS for size in mask.shape]
    padded = functional.pad(share, (0, padding[2], 0, padding[1], 0, padding[0]))
    return functional.avg_pool3d(padded, CELL_VOXELS)[0, 0]
