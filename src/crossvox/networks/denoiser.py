"""The denoiser of a diffusion: a 3D U-Net that knows how noisy its input is."""

import math
from itertools import pairwise
from typing import cast

import torch
from einops import rearrange
from torch import Tensor, nn

from crossvox.networks.blocks import UpConv, conv3x3x3, norm_of
from crossvox.networks.heads import HeadConv3d

WIDEST_FACTOR = 8
EMBEDDING = 128
SLOWEST_PERIOD = 10_000.0


class TimedBlock(nn.Module):
    """Normalization, SiLU, convolution, twice, beside a shortcut; the step's embedding between.

    It begins as its shortcut: the second convolution starts at 0.

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
        nn.init.zeros_(self.second[-1].weight)  # type: ignore[arg-type]  # a convolution's
        self.shortcut = (
            nn.Identity() if inputs == outputs else nn.Conv3d(inputs, outputs, 1, bias=False)
        )

    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        """(B, outputs, X, Y, Z) of (B, inputs, X, Y, Z) and (B, 128)."""
        told = rearrange(self.of_step(embedding), "b c -> b c 1 1 1")
        return cast("Tensor", self.second(self.first(features) + told) + self.shortcut(features))


class Denoiser(nn.Module):
    """Encoder and decoder of timed blocks; skips by concatenation.

    It is convolutional throughout (no attention), so what learned from patches denoises whole
    volumes, and answers 0 before it has learned. Smaller than published: one block a level, none
    in the middle, no dropout. Every size of the input must be a multiple of `2 ** depth`.

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
        nn.init.zeros_(self.head[-1].weight)  # type: ignore[arg-type]  # a convolution's
        nn.init.zeros_(self.head[-1].bias)  # type: ignore[arg-type]  # likewise

    def forward(self, noisy: Tensor, source: Tensor, step: Tensor) -> Tensor:
        """The answer (B, 1, X, Y, Z) to x_t (B, 1, X, Y, Z) of a source (B, C, X, Y, Z).

        Args:
            noisy: x_t.
            source: Condition, joined to it.
            step: (B,), counted from 0.
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
    """Sines and cosines of a step at geometrically falling frequencies, (B, 128) of (B,).

    Source:
        Vaswani et al. 2017, arXiv 1706.03762, section 3.5
    """
    half = EMBEDDING // 2
    places = torch.arange(half, device=step.device) / half
    angles = step.float()[:, None] * torch.exp(-math.log(SLOWEST_PERIOD) * places)
    return torch.cat((angles.sin(), angles.cos()), dim=1)
