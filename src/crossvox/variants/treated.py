"""Any network run in the precision and memory order that a treatment says."""

import torch
from torch import Tensor, nn

from crossvox.acceleration.compute import channels_last, compute_at_hand
from crossvox.variants.cost import Forward
from crossvox.variants.variant import Treatment


def fast_precision() -> str:
    """Precision that "fast" stands for on this machine."""
    return "bfloat16" if compute_at_hand(device="cpu").bf16 else "float32"


def treated(network: nn.Module, forward: Forward, *, treatment: Treatment) -> Forward:
    """`forward` in the precision and order of `treatment`.

    bfloat16 is torch's autocast, as MONAI's own trainers and bundles use it.

    Args:
        network: Holds the weights that `forward` uses; changed in place.
        forward: A volume (B, C, X, Y, Z) to a volume.
        treatment: Precision and order; its extent is the caller's.
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
