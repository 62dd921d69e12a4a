"""Features computed again in the backward pass instead of kept: less memory for some time."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from crossvox.networks.blocks import ResidualBlock
from crossvox.networks.denoiser import TimedBlock
from crossvox.networks.residual_encoder import Decoder, EncoderBlock

BLOCKS = (ResidualBlock, TimedBlock, EncoderBlock, Decoder)


def recompute_blocks(network: nn.Module) -> None:
    """From now on no block of `network` keeps its inner features for the backward pass.

    The second time batch normalization leaves its running statistics alone, so the network learns
    exactly what it would have learned.

    Source:
        Chen et al. 2016, arXiv 1604.06174
    """
    for block in network.modules():
        if isinstance(block, BLOCKS):
            contexts = partial(_contexts, block)
            block.forward = partial(  # type: ignore[method-assign]  # of this block alone
                checkpoint, block.forward, use_reentrant=False, context_fn=contexts
            )


def _contexts(
    block: nn.Module,
) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Around the first and around the second time."""
    return nullcontext(), _statistics_unmoved(block)


@contextmanager
def _statistics_unmoved(block: nn.Module) -> Iterator[None]:
    """Running statistics take part as they did, or other tensors would be kept, and stay."""
    norms = [layer for layer in block.modules() if isinstance(layer, _BatchNorm)]
    before = [(layer.momentum, layer.num_batches_tracked) for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
        layer.num_batches_tracked = _copied(layer.num_batches_tracked)
    try:
        yield
    finally:
        for layer, (momentum, batches) in zip(norms, before, strict=True):
            layer.momentum, layer.num_batches_tracked = momentum, batches


def _copied(buffer: Tensor | None) -> Tensor | None:
    return None if buffer is None else buffer.clone()
