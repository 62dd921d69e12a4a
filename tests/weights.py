"""Weights for networks that begin with zeros, so that their answers tell something."""

import torch
from torch import nn


def waken(network: nn.Module) -> None:
    """Draw what is 0 throughout, as if it had learned."""
    for weights in network.parameters():
        if not weights.any():
            nn.init.normal_(weights, std=0.1)


def relative(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Root mean square of the difference, of the contrast of what is wanted."""
    return float((found - wanted).square().mean().sqrt() / wanted.std())
