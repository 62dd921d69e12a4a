"""Gradient checkpointing: recompute features in the backward pass to save memory."""

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
    """Make the blocks of `network` recompute their inner features in the backward pass.

    Recomputation does not update the running statistics of batch normalization again, so training
    gives exactly the same network.

    Source:
        Chen et al. 2016, arXiv 1604.06174
    """
    for block in network.modules():
        if isinstance(block, BLOCKS):
            contexts = partial(_contexts, block)
            block.forward = partial(  # type: ignore[method-assign]  # overridden on this instance
                checkpoint, block.forward, use_reentrant=False, context_fn=contexts
            )


def _contexts(
    block: nn.Module,
) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Return the contexts of the first computation and of the recomputation."""
    return nullcontext(), _statistics_unmoved(block)


@contextmanager
def _statistics_unmoved(block: nn.Module) -> Iterator[None]:
    """Keep the values of running statistics, but compute their updates.

    Without the updates, different tensors would be saved than in the first computation.
    """
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
