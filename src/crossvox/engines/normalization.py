"""Normalization over a volume in operations that every engine sums accurately."""

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

AXES = (4, 3, 2)  # Z, Y, X of (B, C, X, Y, Z)


class VolumeNormalization(nn.Module):
    """Batch normalization of one volume, or group normalization, as means along one axis at a time.

    An engine's own operation may sum millions of voxels in float32, which loses precision; along
    one axis there are only hundreds.
    """

    channels: int
    groups: int

    def __init__(self, layer: _BatchNorm | nn.GroupNorm) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = layer.weight, layer.bias, layer.eps
        if isinstance(layer, nn.GroupNorm):
            self.channels, self.groups = layer.num_channels, layer.num_groups
        else:
            self.channels = self.groups = layer.num_features

    def forward(self, features: Tensor) -> Tensor:
        """Normalize features (1, C, X, Y, Z); the shape is kept."""
        centered = features - self._mean(features)
        centered = centered - self._mean(centered)  # removes the rounding error of the first mean
        scale = (self._mean(centered.square()) + self.eps).rsqrt()
        shape = (1, self.channels, 1, 1, 1)
        return centered * (scale * self.weight.reshape(shape)) + self.bias.reshape(shape)

    def _mean(self, features: Tensor) -> Tensor:
        """Mean over each channel's group, (1, C, 1, 1, 1)."""
        for axis in AXES:
            features = features.mean(dim=axis, keepdim=True)
        if self.groups == self.channels:
            return features
        size = self.channels // self.groups
        grouped = features.reshape(1, self.groups, size, 1, 1, 1).mean(dim=2, keepdim=True)
        return grouped.expand(1, self.groups, size, 1, 1, 1).reshape(1, self.channels, 1, 1, 1)


def normalize_by_volume(method: nn.Module, kinds: tuple[type[nn.Module], ...]) -> None:
    """Replace every layer of `kinds` in `method` with the equivalent `VolumeNormalization`."""
    for parent in list(method.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, kinds) and isinstance(layer, _BatchNorm | nn.GroupNorm):
                setattr(parent, name, VolumeNormalization(layer))
