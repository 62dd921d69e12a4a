"""Running a network in the precision and memory order of a treatment."""

import torch
from torch import Tensor, nn

from crossvox.acceleration.compute import channels_last, choose_compute
from crossvox.variants.cost import Forward
from crossvox.variants.variant import Treatment


def fast_precision() -> str:
    """Name the precision that "fast" stands for on this machine."""
    return "bfloat16" if choose_compute(device="cpu").bf16 else "float32"


def treated(network: nn.Module, forward: Forward, *, treatment: Treatment) -> Forward:
    """Wrap `forward` to run in the precision and memory order of `treatment`.

    bfloat16 means torch's autocast, as in MONAI's own trainers and bundles.

    Args:
        network: Network with the weights that `forward` uses; changed in place.
        forward: Function from a volume (B, C, X, Y, Z) to a volume.
        treatment: Precision and memory order; the caller handles its extent.
    """
    half = treatment.precision == "fast" and fast_precision() == "bfloat16"
    order = torch.contiguous_format
    if treatment.order == "channels last":
        order = torch.channels_last_3d
        channels_last(network)

    def run(volume: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            return forward(volume.contiguous(memory_format=order))

    return run
