"""Random weights for zero-initialized layers, so that network outputs are informative."""

import torch
from torch import nn


def fill_zero_parameters(network: nn.Module) -> None:
    """Draw random values for all-zero parameters, as if the network had been trained."""
    for weights in network.parameters():
        if not weights.any():
            nn.init.normal_(weights, std=0.1)


def relative(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Root mean square difference relative to the standard deviation of `wanted`."""
    return float((found - wanted).square().mean().sqrt() / wanted.std())
