"""Features of a fixed random 3D network: a Frechet distance that needs no one's weights."""

import math
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

SEED = 20_240_612
WIDTHS = (1, 16, 32, 64)
CELL = 2 ** (len(WIDTHS) - 1)
FEWEST_INSIDE = 0.5
SLOPE = 0.2


def random_features(
    voxels: NDArray[np.float32],
    *,
    mask: NDArray[np.bool_],
    low: float,
    data_range: float,
) -> NDArray[np.float32]:
    """Features of every cell of 8 x 8 x 8 voxels of which at least half lies inside `mask`.

    Three convolutions of 3 x 3 x 3 voxels and stride 2 with 16, 32 and 64 random kernels, each
    followed by a leaky ReLU. The weights are normal numbers from a fixed seed, so features made
    on different machines may be compared.

    Args:
        voxels: (X, Y, Z).
        mask: (X, Y, Z).
        low: The intensity that becomes 0.
        data_range: So much more becomes 1; the same two numbers for both sides of a comparison.

    Returns:
        (cells, 64); no rows where the mask fills no cell.
    """
    scaled = torch.from_numpy((voxels - np.float32(low)) / np.float32(data_range))
    features = scaled.float()[None, None]
    with torch.inference_mode():
        for kernels in _kernels():
            features = functional.conv3d(features, kernels, stride=2, padding=1)
            features = functional.leaky_relu(features, SLOPE)
        chosen = features[0][:, _cells(mask) >= FEWEST_INSIDE]
    return np.asarray(chosen.T.contiguous().numpy())


@cache
def _kernels() -> tuple[Tensor, ...]:
    """Weights of He et al. 2015, arXiv 1502.01852, equation 15, for a leaky ReLU."""
    generator = torch.Generator().manual_seed(SEED)
    kernels = []
    for inputs, outputs in pairwise(WIDTHS):
        scale = math.sqrt(2 / ((1 + SLOPE**2) * inputs * 3**3))
        kernels.append(torch.randn((outputs, inputs, 3, 3, 3), generator=generator) * scale)
    return tuple(kernels)


def _cells(mask: NDArray[np.bool_]) -> Tensor:
    """Share of each cell that lies inside the mask: (X / 8, Y / 8, Z / 8) rounded up."""
    share = torch.from_numpy(mask.astype(np.float32))[None, None]
    beyond = [(-size) % CELL for size in mask.shape]
    padded = functional.pad(share, (0, beyond[2], 0, beyond[1], 0, beyond[0]))
    return functional.avg_pool3d(padded, CELL)[0, 0]
