"""Inception-v3 as used for FID: the network of the TensorFlow release of 2015-12-05."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from einops import reduce
from torch import Tensor, nn
from torch.nn import functional

from crossvox.errors import ModelError

SIDE = 299  # height and width of the input in pixels
FEATURES = 2048  # number of features per image
BATCH_NORM_EPSILON = 1e-3
IGNORED = ("fc.", "AuxLogits.")  # prefixes of the classifier's weights
COUNTER = ".num_batches_tracked"  # suffix of unused entries

Pool = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Layer:
    """Convolution with batch normalization and ReLU, and the published name of its weights."""

    name: str
    outputs: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    padded: bool = True


@dataclass(frozen=True)
class Fork:
    """Two layers on the same features, concatenated along the channels."""

    layers: tuple[Layer, Layer]


Step = Pool | Layer | Fork
Branches = Sequence[Sequence[Step]]

# Averages exclude the padding, unlike torchvision's.
AVERAGE: Pool = partial(
    functional.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False
)
LARGEST: Pool = partial(functional.max_pool2d, kernel_size=3, stride=1, padding=1)
HALVED: Pool = partial(functional.max_pool2d, kernel_size=3, stride=2)
SQUARE, WIDE, TALL = (3, 3), (1, 7), (7, 1)


def _shrinking(name: str, outputs: int, *, stride: int = 2) -> Layer:
    return Layer(name, outputs, SQUARE, stride, padded=False)


STEM: tuple[Pool | Layer, ...] = (
    _shrinking("Conv2d_1a_3x3", 32),
    _shrinking("Conv2d_2a_3x3", 32, stride=1),
    Layer("Conv2d_2b_3x3", 64, SQUARE),
    HALVED,
    Layer("Conv2d_3b_1x1", 80),
    _shrinking("Conv2d_4a_3x3", 192, stride=1),
    HALVED,
)


def _fine(pooled: int) -> Branches:
    """Branches of figure 5 of the source, at an eighth of the image's size."""
    return (
        (Layer("branch1x1", 64),),
        (Layer("branch5x5_1", 48), Layer("branch5x5_2", 64, (5, 5))),
        (
            Layer("branch3x3dbl_1", 64),
            Layer("branch3x3dbl_2", 96, SQUARE),
            Layer("branch3x3dbl_3", 96, SQUARE),
        ),
        (AVERAGE, Layer("branch_pool", pooled)),
    )


def _to_middle() -> Branches:
    return (
        (_shrinking("branch3x3", 384),),
        (
            Layer("branch3x3dbl_1", 64),
            Layer("branch3x3dbl_2", 96, SQUARE),
            _shrinking("branch3x3dbl_3", 96),
        ),
        (HALVED,),
    )


def _middle(width: int) -> Branches:
    """Branches of figure 6, at a sixteenth, with 7x7 kernels factored into 1x7 and 7x1."""
    return (
        (Layer("branch1x1", 192),),
        (
            Layer("branch7x7_1", width),
            Layer("branch7x7_2", width, WIDE),
            Layer("branch7x7_3", 192, TALL),
        ),
        (
            Layer("branch7x7dbl_1", width),
            Layer("branch7x7dbl_2", width, TALL),
            Layer("branch7x7dbl_3", width, WIDE),
            Layer("branch7x7dbl_4", width, TALL),
            Layer("branch7x7dbl_5", 192, WIDE),
        ),
        (AVERAGE, Layer("branch_pool", 192)),
    )


def _to_coarse() -> Branches:
    return (
        (Layer("branch3x3_1", 192), _shrinking("branch3x3_2", 320)),
        (
            Layer("branch7x7x3_1", 192),
            Layer("branch7x7x3_2", 192, WIDE),
            Layer("branch7x7x3_3", 192, TALL),
            _shrinking("branch7x7x3_4", 192),
        ),
        (HALVED,),
    )


def _coarse(pool: Pool) -> Branches:
    """Branches of figure 7, at a thirty-second, with parallel 1x3 and 3x1 kernels."""
    return (
        (Layer("branch1x1", 320),),
        (
            Layer("branch3x3_1", 384),
            Fork((Layer("branch3x3_2a", 384, (1, 3)), Layer("branch3x3_2b", 384, (3, 1)))),
        ),
        (
            Layer("branch3x3dbl_1", 448),
            Layer("branch3x3dbl_2", 384, SQUARE),
            Fork((Layer("branch3x3dbl_3a", 384, (1, 3)), Layer("branch3x3dbl_3b", 384, (3, 1)))),
        ),
        (pool, Layer("branch_pool", 192)),
    )


class NormalizedConv(nn.Module):
    """Convolution, batch normalization with stored statistics and ReLU."""

    def __init__(self, inputs: int, layer: Layer) -> None:
        super().__init__()
        rows, columns = layer.kernel
        padding = (rows // 2, columns // 2) if layer.padded else (0, 0)
        self.conv = nn.Conv2d(
            inputs, layer.outputs, layer.kernel, stride=layer.stride, padding=padding, bias=False
        )
        self.bn = nn.BatchNorm2d(layer.outputs, eps=BATCH_NORM_EPSILON)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, h, w)."""
        return functional.relu(self.bn(self.conv(features)), inplace=True)


class Mixed(nn.Module):
    """Branches on the same features, concatenated along the channels."""

    def __init__(self, inputs: int, branches: Branches) -> None:
        super().__init__()
        self.branches = branches
        self.outputs = sum(_add_layers(self, inputs, branch) for branch in branches)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, h, w)."""
        return torch.cat([_run(self, branch, features) for branch in self.branches], dim=1)


class InceptionV3(nn.Module):
    """Inception-v3 up to its last pooling ("pool3"), for inference only.

    It differs from torchvision's network with the same names in three ways: average pooling
    excludes the padding, Mixed_7c uses max pooling, and the weights come from TensorFlow.

    Source:
        Szegedy et al. 2016, doi 10.1109/CVPR.2016.308, table 1; as FID's network,
        Heusel et al. 2017, arXiv 1706.08500
    """

    def __init__(self) -> None:
        super().__init__()
        channels = _add_layers(self, 3, STEM)
        for name, branches in _mixed_blocks():
            block = Mixed(channels, branches)
            self.add_module(name, block)
            channels = block.outputs
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, images: Tensor) -> Tensor:
        """Compute features (N, 2048) of `images` (N, 3, H, W) in [-1, 1], of any size."""
        if images.shape[2:] != (SIDE, SIDE):
            images = functional.interpolate(
                images, size=(SIDE, SIDE), mode="bilinear", align_corners=False
            )
        return self.pool3(images)

    def pool3(self, images: Tensor) -> Tensor:
        """Compute features without resizing; height and width must be at least 75."""
        # Channels-last order is a quarter faster on a CPU.
        features = _run(self, STEM, images.contiguous(memory_format=torch.channels_last))
        for name, _ in _mixed_blocks():
            features = self.get_submodule(name)(features)
        return reduce(features, "n c h w -> n c", "mean")

    def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Load weights by their published names.

        The classifier (`fc`, `AuxLogits`) and the counters of batch normalization are ignored.

        Raises:
            ModelError: An entry is missing or unknown, or has a wrong shape or non-finite numbers.
        """
        names = self.state_dict().keys()
        expected = {name: value for name, value in self.state_dict().items() if not _counts(name)}
        relevant = {
            name: value
            for name, value in weights.items()
            if not name.startswith(IGNORED) and not (_counts(name) and name in names)
        }
        _refuse_first("lacks", [name for name in expected if name not in relevant])
        _refuse_first("has the unknown entry", [name for name in relevant if name not in expected])
        for name, value in relevant.items():
            _check_entry(name, value, expected[name].shape)
        self.load_state_dict(relevant, strict=False)


def _mixed_blocks() -> Iterator[tuple[str, Branches]]:
    yield from (("Mixed_5b", _fine(32)), ("Mixed_5c", _fine(64)), ("Mixed_5d", _fine(64)))
    yield "Mixed_6a", _to_middle()
    for letter, width in zip("bcde", (128, 160, 160, 192), strict=True):
        yield f"Mixed_6{letter}", _middle(width)
    yield "Mixed_7a", _to_coarse()
    yield from (("Mixed_7b", _coarse(AVERAGE)), ("Mixed_7c", _coarse(LARGEST)))


def _add_layers(parent: nn.Module, inputs: int, steps: Sequence[Step]) -> int:
    """Add the layers of `steps` to `parent`; return the number of output channels."""
    for step in steps:
        layers = _layers_of(step)
        for layer in layers:
            parent.add_module(layer.name, NormalizedConv(inputs, layer))
        inputs = sum(layer.outputs for layer in layers) or inputs
    return inputs


def _run(parent: nn.Module, steps: Sequence[Step], features: Tensor) -> Tensor:
    for step in steps:
        if isinstance(step, Layer | Fork):
            outputs = [parent.get_submodule(layer.name)(features) for layer in _layers_of(step)]
            features = torch.cat(outputs, dim=1)
        else:
            features = step(features)
    return features


def _layers_of(step: Step) -> tuple[Layer, ...]:
    if isinstance(step, Fork):
        return step.layers
    return (step,) if isinstance(step, Layer) else ()


def _counts(name: str) -> bool:
    return name.endswith(COUNTER)


def _refuse_first(fault: str, names: Sequence[str]) -> None:
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise ModelError(f"this is not FID's Inception-v3: it {fault} {names[0]}{more}")


def _check_entry(name: str, value: Tensor, shape: torch.Size) -> None:
    if value.shape != shape:
        raise ModelError(
            f"this is not FID's Inception-v3: {name} has shape {tuple(value.shape)},"
            f" expected {tuple(shape)}"
        )
    if not value.is_floating_point() or not torch.isfinite(value).all():
        raise ModelError(f"the weights are damaged: {name} must hold finite floating-point numbers")
