"""Context managers that freeze weights or normalization statistics of a network."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Freeze weights and running statistics of `network`; gradients still pass through it."""
    network.requires_grad_(requires_grad=False)
    try:
        with _statistics_kept(network):
            yield
    finally:
        network.requires_grad_(requires_grad=True)


@contextmanager
def normalizing_by_batch(network: nn.Module) -> Iterator[None]:
    """Make batch normalization use its input's statistics, without updating running statistics."""
    norms = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    before = [layer.training for layer in norms]
    for layer in norms:
        layer.train()
    try:
        with _statistics_kept(network):
            yield
    finally:
        for layer, training in zip(norms, before, strict=True):
            layer.train(training)


@contextmanager
def _statistics_kept(network: nn.Module) -> Iterator[None]:
    norms = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    before = [layer.track_running_stats for layer in norms]
    for layer in norms:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer, tracked in zip(norms, before, strict=True):
            layer.track_running_stats = tracked
