"""Rewriting of trained networks for fast inference on a device, without changes to the methods.

A rewritten network computes the same function: to 1e-6 of the range in float32, and to the
precision of bfloat16 in bfloat16 (measurements in docs/explanation/speed.md).
"""

import copy

from crossvox.acceleration.bfloat16 import InBfloat16
from crossvox.acceleration.compute import Compute, channels_last
from crossvox.acceleration.convolution import keep_channels_last
from crossvox.acceleration.folding import fix_up_sampling, fold_normalization, simplify_head
from crossvox.acceleration.slabs import SlabbedUNet
from crossvox.contract import SynthesisMethod
from crossvox.networks.unet import ResidualUNet


def optimized(method: SynthesisMethod, compute: Compute) -> SynthesisMethod:
    """Copy `method` for inference only, on the device of `compute`.

    Its networks are folded, run in slabs where possible and use bfloat16 where it is fast; weights
    are in channels-last order.
    """
    fast = folded(method, keep_wide=compute.bf16 and compute.device == "cpu")
    for name in fast.product:
        network = fast.get_submodule(name)
        if isinstance(network, ResidualUNet):
            network = SlabbedUNet(network)
        keep_channels_last(network)
        channels_last(network)
        setattr(fast, name, InBfloat16(network) if compute.bf16 else network)
    return fast.to(compute.device)


def folded(method: SynthesisMethod, *, keep_wide: bool = False) -> SynthesisMethod:
    """Copy `method` for inference only, with fewer layers, all supported by every engine.

    Batch normalization with fixed statistics is folded into the convolution before it, upsampling
    becomes a transposed convolution with a fixed kernel, and the head a matrix-vector product.

    Args:
        method: Trained method; not changed.
        keep_wide: Whether to keep wide upsampling layers as they are.
    """
    copied = copy.deepcopy(method).eval().requires_grad_(requires_grad=False)
    for name in copied.product:
        network = copied.get_submodule(name)
        if copied.fixed_statistics:
            fold_normalization(network)
        fix_up_sampling(network, keep_wide=keep_wide)
        simplify_head(network)
    return copied
