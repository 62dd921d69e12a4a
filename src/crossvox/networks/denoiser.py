"""The denoiser of a diffusion model: a 3D U-Net conditioned on the diffusion step."""

import math
from itertools import pairwise
from typing import cast

import torch
from einops import rearrange
from torch import Tensor, nn

from crossvox.networks.blocks import UpConv, conv3x3x3, norm_of
from crossvox.networks.heads import HeadConv3d

WIDEST_FACTOR = 8  # largest width / width of the first level
EMBEDDING = 128  # channels of the step embedding
SLOWEST_PERIOD = 10_000.0  # in steps, over 2 pi


class TimedBlock(nn.Module):
    """Residual block: normalization, SiLU and convolution, twice, with the step embedding between.

    The second convolution is initialized to 0, so a new block returns its shortcut.

    Source:
        Ho et al. 2020, arXiv 2006.11239, appendix B
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            norm_of("group", inputs), nn.SiLU(inplace=True), conv3x3x3(inputs, outputs)
        )
        self.of_step = nn.Linear(EMBEDDING, outputs)
        self.second = nn.Sequential(
            norm_of("group", outputs), nn.SiLU(inplace=True), conv3x3x3(outputs, outputs)
        )
        nn.init.zeros_(self.second[-1].weight)  # type: ignore[arg-type]  # a convolution's weight
        self.shortcut = (
            nn.Identity() if inputs == outputs else nn.Conv3d(inputs, outputs, 1, bias=False)
        )

    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        """Map (B, inputs, X, Y, Z) and an embedding (B, 128) to (B, outputs, X, Y, Z)."""
        shift = rearrange(self.of_step(embedding), "b c -> b c 1 1 1")
        return cast("Tensor", self.second(self.first(features) + shift) + self.shortcut(features))


class Denoiser(nn.Module):
    """U-Net of timed blocks with concatenated skip connections.

    It is fully convolutional (no attention), so a network trained on patches can denoise whole
    volumes, and it outputs 0 before training. It is smaller than published: one block per level,
    none in the middle, no dropout. Every input size must be a multiple of `2 ** depth`.

    Source:
        Ho et al. 2020, arXiv 2006.11239, appendix B
    """

    def __init__(self, *, sources: int, width: int, depth: int) -> None:
        super().__init__()
        widths = [width * min(2**level, WIDEST_FACTOR) for level in range(depth + 1)]
        pairs = list(pairwise(widths))
        self.embed = nn.Sequential(
            nn.Linear(EMBEDDING, EMBEDDING), nn.SiLU(), nn.Linear(EMBEDDING, EMBEDDING), nn.SiLU()
        )
        self.stem = conv3x3x3(sources + 1, width)
        self.first = TimedBlock(width, width)
        self.down = nn.ModuleList(
            conv3x3x3(fine, coarse, stride=2, bias=True) for fine, coarse in pairs
        )
        self.encoder = nn.ModuleList(TimedBlock(coarse, coarse) for _, coarse in pairs)
        self.up = nn.ModuleList(
            UpConv(coarse, fine, up_sampling="nearest") for fine, coarse in reversed(pairs)
        )
        self.decoder = nn.ModuleList(TimedBlock(2 * fine, fine) for fine, _ in reversed(pairs))
        self.head = nn.Sequential(
            norm_of("group", width), nn.SiLU(inplace=True), HeadConv3d(width, 1, 3, padding=1)
        )
        nn.init.zeros_(self.head[-1].weight)  # type: ignore[arg-type]  # a convolution's weight
        nn.init.zeros_(self.head[-1].bias)  # type: ignore[arg-type]  # a convolution's bias

    def forward(self, noisy: Tensor, source: Tensor, step: Tensor) -> Tensor:
        """Predict the velocity or noise (B, 1, X, Y, Z) in `noisy`, given the source.

        Args:
            noisy: x_t, (B, 1, X, Y, Z).
            source: Condition (B, C, X, Y, Z), concatenated to x_t.
            step: Diffusion steps (B,), counted from 0.
        """
        embedding = self.embed(sinusoids(step).to(next(self.embed.parameters()).dtype))
        features = self.first(self.stem(torch.cat((noisy, source), dim=1)), embedding)
        skips = []
        for down, block in zip(self.down, self.encoder, strict=True):
            skips.append(features)
            features = block(down(features), embedding)
        for up, block, skip in zip(self.up, self.decoder, reversed(skips), strict=True):
            features = block(torch.cat((up(features), skip), dim=1), embedding)
        return cast("Tensor", self.head(features))


def sinusoids(step: Tensor) -> Tensor:
    """Embed steps (B,) as sines and cosines of geometrically falling frequencies, (B, 128).

    Source:
        Vaswani et al. 2017, arXiv 1706.03762, section 3.5
    """
    half = EMBEDDING // 2
    exponents = torch.arange(half, device=step.device) / half
    angles = step.float()[:, None] * torch.exp(-math.log(SLOWEST_PERIOD) * exponents)
    return torch.cat((angles.sin(), angles.cos()), dim=1)
