"""The mathematics of diffusion: noise schedules, training targets and sampling.

Names for the papers' symbols: `share` is the signal's share of the variance (alpha-bar), `clean` is
x_0, `noise` epsilon and `noisy` x_t; steps 0 to `steps` - 1 correspond to x_1 to x_T.
"""

import math
from typing import Literal

import torch
from torch import Tensor

Schedule = Literal["linear", "cosine"]
Prediction = Literal["epsilon", "v"]

FIRST_BETA, LAST_BETA, PUBLISHED_STEPS = 1e-4, 0.02, 1000  # linear schedule of Ho et al.
COSINE_OFFSET = 0.008  # s in equation 17 of Nichol and Dhariwal
LARGEST_BETA = 0.999


def signal_shares(schedule: Schedule, *, steps: int) -> Tensor:
    """Signal share of the variance after each of `steps` steps, (steps,) float64, decreasing.

    Betas of the linear schedule are scaled, so any number of steps ends at about the share of the
    published 1000.

    Source:
        linear: Ho et al. 2020, arXiv 2006.11239, section 4; cosine: Nichol and Dhariwal 2021,
        arXiv 2102.09672, equation 17, betas at most 0.999
    """
    if schedule == "linear":
        scale = PUBLISHED_STEPS / steps
        betas = torch.linspace(FIRST_BETA * scale, LAST_BETA * scale, steps, dtype=torch.float64)
    else:
        times = torch.arange(steps + 1, dtype=torch.float64) / steps
        angles = (times + COSINE_OFFSET) / (1 + COSINE_OFFSET) * math.pi / 2
        curve = torch.cos(angles) ** 2
        betas = 1 - curve[1:] / curve[:-1]
    return torch.cumprod(1 - betas.clamp(max=LARGEST_BETA), dim=0)


def noised(clean: Tensor, noise: Tensor, share: Tensor) -> Tensor:
    """Add noise to a clean volume: x_t (Ho et al. 2020, equation 4)."""
    return share.sqrt() * clean + (1 - share).sqrt() * noise


def training_target(
    clean: Tensor, noise: Tensor, share: Tensor, *, prediction: Prediction
) -> Tensor:
    """Training target of the denoiser.

    It is the noise itself (Ho et al. 2020, equation 14), or the velocity (Salimans and Ho 2022,
    arXiv 2202.00512, section 4), which determines the clean volume at every step.
    """
    if prediction == "epsilon":
        return noise
    return share.sqrt() * noise - (1 - share).sqrt() * clean


def clean_of(output: Tensor, noisy: Tensor, share: Tensor, *, prediction: Prediction) -> Tensor:
    """Recover the clean volume from the denoiser's output, clamped to [-1, 1]."""
    if prediction == "epsilon":
        clean = (noisy - (1 - share).sqrt() * output) / share.sqrt()
    else:
        clean = share.sqrt() * noisy - (1 - share).sqrt() * output
    return clean.clamp(-1, 1)


def reverse_step(
    clean: Tensor,
    noisy: Tensor,
    fresh: Tensor | None,
    *,
    share: Tensor,
    next_share: Tensor,
) -> Tensor:
    """Take one sampling step toward the estimated clean volume.

    Without fresh noise this is DDIM; with it, the variance is that of the posterior of Ho et al.
    2020 (equation 7), for any distance between the two steps.

    Args:
        clean: x_0 as estimated at this step.
        noisy: x_t at this step.
        fresh: Standard normal noise, or None for DDIM.
        share: Signal share at this step.
        next_share: Signal share at the less noisy step; 1 for the clean volume.

    Source:
        Song et al. 2021, arXiv 2010.02502, equation 12, with sigma 0 or of equation 16 (eta 1)
    """
    noise = (noisy - share.sqrt() * clean) / (1 - share).sqrt()
    if fresh is None:
        return next_share.sqrt() * clean + (1 - next_share).sqrt() * noise
    variance = (1 - next_share) / (1 - share) * (1 - share / next_share)
    direction = (1 - next_share - variance).clamp(min=0).sqrt() * noise
    return next_share.sqrt() * clean + direction + variance.sqrt() * fresh


def sampling_timesteps(steps: int, *, of: int) -> list[int]:
    """Choose `steps` evenly spaced steps out of `of`, from the last toward the first.

    Source:
        Lin et al. 2023, arXiv 2305.08891, section 3.3 (trailing)
    """
    return [round(of - index * of / steps) - 1 for index in range(steps)]
