"""Trained networks rewritten once for the device they will run on; a method does nothing for it.

Each rewrite computes the same function: in float32 to 1e-6 of the range, in bfloat16 to the
precision of that (docs/explanation/speed.md has the measurements).
"""

import copy

from crossvox.acceleration.bfloat16 import InBfloat16
from crossvox.acceleration.compute import Compute, channels_last
from crossvox.acceleration.convolution import keep_channels_last
from crossvox.acceleration.folding import ease_head, fix_up_sampling, fold_normalization
from crossvox.acceleration.slabs import SlabbedUNet
from crossvox.contract import SynthesisMethod
from crossvox.networks.unet import ResidualUNet


def optimized(method: SynthesisMethod, compute: Compute) -> SynthesisMethod:
    """A copy of `method` for inference alone, on the device of `compute`.

    Its networks are folded, can work in slabs where that is possible, and are bfloat16 where that
    is fast; weights lie channels last.
    """
    fast = folded(method, apart_if_wide=compute.bf16 and compute.device == "cpu")
    for name in fast.product:
        network = fast.get_submodule(name)
        if isinstance(network, ResidualUNet):
            network = SlabbedUNet(network)
        keep_channels_last(network)
        channels_last(network)
        setattr(fast, name, InBfloat16(network) if compute.bf16 else network)
    return fast.to(compute.device)


def folded(method: SynthesisMethod, *, apart_if_wide: bool = False) -> SynthesisMethod:
    """A copy of `method` for inference alone, of fewer layers that every engine knows.

    Batch normalization is folded into the convolution before it where statistics are fixed,
    upsampling becomes a transposed convolution with a fixed kernel, and the head a product.

    Args:
        method: Left as it is.
        apart_if_wide: Leave wide upsampling layers as they are.
    """
    copied = copy.deepcopy(method).eval().requires_grad_(requires_grad=False)
    for name in copied.product:
        network = copied.get_submodule(name)
        if copied.fixed_statistics:
            fold_normalization(network)
        fix_up_sampling(network, apart_if_wide=apart_if_wide)
        ease_head(network)
    return copied
