"""Batch normalization with accurate statistics on a CPU for any number of voxels.

torch's implementation accumulates all voxels in float32 in channels-last order (networks/sums.py).
"""

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from crossvox.networks.normalization import DEVICES, normalized

FEW = 256  # voxels per channel up to which torch is accurate


class BatchNorm2d(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` with accurate sums for images of any size."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Normalize (B, C, X, Y)."""
        if _uses_the_batch(self, input):
            return _normalized_by_batch(self, input)
        return super().forward(input)


class BatchNorm3d(nn.BatchNorm3d):
    """`torch.nn.BatchNorm3d` with accurate sums for volumes of any size."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Normalize (B, C, X, Y, Z)."""
        if _uses_the_batch(self, input):
            return _normalized_by_batch(self, input)
        return super().forward(input)


def _uses_the_batch(layer: _BatchNorm, features: Tensor) -> bool:
    """Whether a CPU needs batch statistics of many voxels; torch is accurate for few."""
    many = features.numel() > FEW * features.shape[1]
    by_batch = layer.training or layer.running_mean is None
    return by_batch and many and features.device.type in DEVICES


def _normalized_by_batch(layer: _BatchNorm, features: Tensor) -> Tensor:
    voxels = features.numel() // features.shape[1]
    result, mean, variance = normalized(
        features, layer.weight, layer.bias, groups=layer.num_features, eps=layer.eps
    )
    if layer.training and layer.track_running_stats:
        _update_running_statistics(layer, mean, variance * voxels / (voxels - 1))
    return result


def _update_running_statistics(layer: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    """Update the running statistics with those of a batch (variance over n - 1)."""
    momentum = layer.momentum
    if layer.num_batches_tracked is not None:
        layer.num_batches_tracked.add_(1)
        if momentum is None:  # cumulative average over all batches
            momentum = 1.0 / float(layer.num_batches_tracked)
    for running, value in ((layer.running_mean, mean), (layer.running_var, variance)):
        if running is not None and momentum is not None:
            running.mul_(1 - momentum).add_(value, alpha=momentum)
