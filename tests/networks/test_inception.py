"""Inception-v3: its shapes as published, and its output computed again in NumPy alone."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from crossvox.errors import ModelError
from crossvox.networks.inception import InceptionV3

Array = NDArray[np.float64]
Weights = dict[str, Tensor]

# Name, outputs, inputs and kernel of every convolution of Szegedy et al. 2016, table 1 and figures
# 5 to 7, under the names of the published file; "." stands for the block's inputs.
STEM = """Conv2d_1a_3x3 32 3 3x3, Conv2d_2a_3x3 32 32 3x3, Conv2d_2b_3x3 64 32 3x3,
    Conv2d_3b_1x1 80 64 1x1, Conv2d_4a_3x3 192 80 3x3"""
DOUBLE = "branch3x3dbl_1 64 . 1x1, branch3x3dbl_2 96 64 3x3, branch3x3dbl_3 96 96 3x3"
FINE = f"branch1x1 64 . 1x1, branch5x5_1 48 . 1x1, branch5x5_2 64 48 5x5, {DOUBLE}"
MIDDLE = """branch1x1 192 . 1x1, branch7x7_1 {w} . 1x1, branch7x7_2 {w} {w} 1x7,
    branch7x7_3 192 {w} 7x1, branch7x7dbl_1 {w} . 1x1, branch7x7dbl_2 {w} {w} 7x1,
    branch7x7dbl_3 {w} {w} 1x7, branch7x7dbl_4 {w} {w} 7x1, branch7x7dbl_5 192 {w} 1x7,
    branch_pool 192 . 1x1"""
TO_COARSE = """branch3x3_1 192 . 1x1, branch3x3_2 320 192 3x3, branch7x7x3_1 192 . 1x1,
    branch7x7x3_2 192 192 1x7, branch7x7x3_3 192 192 7x1, branch7x7x3_4 192 192 3x3"""
COARSE = """branch1x1 320 . 1x1, branch3x3_1 384 . 1x1, branch3x3_2a 384 384 1x3,
    branch3x3_2b 384 384 3x1, branch3x3dbl_1 448 . 1x1, branch3x3dbl_2 384 448 3x3,
    branch3x3dbl_3a 384 384 1x3, branch3x3dbl_3b 384 384 3x1, branch_pool 192 . 1x1"""
BLOCKS = (
    ("", 3, STEM),
    ("Mixed_5b.", 192, f"{FINE}, branch_pool 32 . 1x1"),
    ("Mixed_5c.", 256, f"{FINE}, branch_pool 64 . 1x1"),
    ("Mixed_5d.", 288, f"{FINE}, branch_pool 64 . 1x1"),
    ("Mixed_6a.", 288, f"branch3x3 384 . 3x3, {DOUBLE}"),
    ("Mixed_6b.", 768, MIDDLE.format(w=128)),
    ("Mixed_6c.", 768, MIDDLE.format(w=160)),
    ("Mixed_6d.", 768, MIDDLE.format(w=160)),
    ("Mixed_6e.", 768, MIDDLE.format(w=192)),
    ("Mixed_7a.", 768, TO_COARSE),
    ("Mixed_7b.", 1280, COARSE),
    ("Mixed_7c.", 2048, COARSE),
)
LAST = "Mixed_7c.branch1x1.bn.bias"
PER_CHANNEL = ("bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")


def published_shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every entry that the features need."""
    shapes: dict[str, tuple[int, ...]] = {}
    for block, inputs, rows in BLOCKS:
        for row in rows.split(","):
            name, outputs, of, kernel = row.split()
            layer = block + name
            sides = tuple(int(side) for side in kernel.split("x"))
            channels = inputs if of == "." else int(of)
            shapes[f"{layer}.conv.weight"] = (int(outputs), channels, *sides)
            shapes |= {f"{layer}.{entry}": (int(outputs),) for entry in PER_CHANNEL}
    return shapes


def random_weights(seed: int = 0) -> Weights:
    """Weights that keep the size of features; every statistic of the normalizations matters."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in published_shapes().items():
        if name.endswith("conv.weight"):
            fan = shape[1] * shape[2] * shape[3]
            weights[name] = torch.randn(shape, generator=generator) * (2 / fan) ** 0.5
        elif name.endswith(("bias", "mean")):
            weights[name] = torch.randn(shape, generator=generator) * 0.1
        else:
            weights[name] = torch.rand(shape, generator=generator) + 0.5
    return weights


@pytest.fixture(scope="module")
def weights() -> Weights:
    return random_weights()


@pytest.fixture(scope="module")
def network(weights: Weights) -> InceptionV3:
    network = InceptionV3()
    network.load_weights(weights)
    return network


def test_every_entry_has_the_published_name_and_shape(network: InceptionV3) -> None:
    own = {
        name: tuple(value.shape)
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert own == published_shapes()
    # the published file has 566: six of each of these layers and two of its classifier
    assert len(network.state_dict()) == 566 - 2


def test_it_has_as_many_parameters_as_published(network: InceptionV3) -> None:
    counted = sum(parameter.numel() for parameter in network.parameters())
    channels = sum(shape[0] for name, shape in published_shapes().items() if "conv" in name)
    # torchvision's network without AuxLogits, less its classifier of 1000 classes
    assert counted == 23_834_568 - 1000 * (2048 + 1)
    # Keras counts shift, mean and variance of each channel; parameters here are scale and shift
    assert counted + channels == 21_802_784


def test_images_of_another_size_are_resized_with_half_pixel_centers(network: InceptionV3) -> None:
    images = torch.rand((1, 3, 20, 31), generator=torch.Generator().manual_seed(2))
    rows, columns = (interpolation(299, size) for size in images.shape[2:])
    resized = torch.from_numpy(rows @ images.numpy() @ columns.swapaxes(0, 1)).float()
    # the resized images agree to 1e-6, and the network keeps it so
    torch.testing.assert_close(network(images), network.pool3(resized), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(network(resized), network.pool3(resized), rtol=0, atol=0)


def interpolation(new: int, old: int) -> Array:
    """(new, old) weights of linear interpolation, both grids covering the same length."""
    places = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(places[:, None] - np.arange(old))))


def test_classifiers_and_counters_of_a_file_are_left_alone(weights: Weights) -> None:
    extra = {
        "fc.weight": torch.zeros(1008, 2048),
        "AuxLogits.conv0.conv.weight": torch.zeros(128, 768, 1, 1),
        "Mixed_5b.branch1x1.bn.num_batches_tracked": torch.tensor(7),
    }
    network = InceptionV3()
    network.load_weights({**weights, **extra})
    assert torch.equal(network.state_dict()["Mixed_7c.branch1x1.bn.bias"], weights[LAST])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({LAST: None}, f"lacks {LAST}"),
        ({LAST: None, "Conv2d_1a_3x3.conv.weight": None}, "lacks Conv2d_1a_3x3.*and 1 more"),
        ({"Mixed_8a.bias": torch.zeros(1)}, "unknown entry Mixed_8a.bias"),
        ({"Mixed_8a.bn.num_batches_tracked": torch.zeros(1)}, "unknown entry Mixed_8a"),
        ({LAST: torch.zeros(319)}, rf"{LAST} has shape \(319,\), expected \(320,\)"),
        ({LAST: torch.full((320,), float("nan"))}, f"{LAST} must hold finite floating-point"),
        ({LAST: torch.zeros(320, dtype=torch.int64)}, f"{LAST} must hold finite floating-point"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused_by_name(
    weights: Weights, change: dict[str, Tensor | None], message: str
) -> None:
    changed = {name: value for name, value in {**weights, **change}.items() if value is not None}
    with pytest.raises(ModelError, match=message):
        InceptionV3().load_weights(changed)


@pytest.mark.parametrize("sides", [(75, 75), (171, 139)])
def test_features_are_those_of_the_definition_in_numpy(
    network: InceptionV3, weights: Weights, sides: tuple[int, int]
) -> None:
    # 75 is the smallest side; of 171 x 139 the last blocks see 4 x 3, where pools and kernels
    # of 1x3 and 3x1 all differ
    images = torch.rand((1, 3, *sides), generator=torch.Generator().manual_seed(1)) * 2 - 1
    ours = network.pool3(images)[0].numpy()
    theirs = InNumpy(weights).pool3(images[0].numpy().astype(float))
    assert ours.shape == (2048,)
    assert theirs.std() > 0.01
    # float32 sums of up to 2048 x 9 terms through 48 layers leave about 1e-6 of the features
    assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()


class InNumpy:
    """The same network from its definition: unfolded windows times matrices, in float64."""

    def __init__(self, weights: Weights) -> None:
        self.weights = {name: value.numpy().astype(float) for name, value in weights.items()}

    def conv(self, x: Array, layer: str, *, stride: int = 1, pad: bool = True) -> Array:
        kernel = self.weights[f"{layer}.conv.weight"]
        rows, columns = kernel.shape[2:]
        x = padded(x, rows // 2, columns // 2, 0.0) if pad else x
        columned = windows(x, rows, columns, stride)
        made = np.tensordot(kernel, columned, axes=((1, 2, 3), (0, 3, 4)))
        scale, shift, mean, var = (
            self.weights[f"{layer}.{entry}"][:, None, None] for entry in PER_CHANNEL
        )
        return np.asarray(np.maximum(scale * (made - mean) / np.sqrt(var + 0.001) + shift, 0))

    def chain(self, x: Array, block: str, *names: str) -> Array:
        for name in names:
            x = self.conv(x, f"{block}.{name}")
        return x

    def stem(self, x: Array) -> Array:
        x = self.conv(x, "Conv2d_1a_3x3", stride=2, pad=False)
        x = self.conv(x, "Conv2d_2a_3x3", pad=False)
        x = halved(self.conv(x, "Conv2d_2b_3x3"))
        x = self.conv(self.conv(x, "Conv2d_3b_1x1"), "Conv2d_4a_3x3", pad=False)
        return halved(x)

    def fine(self, x: Array, block: str) -> Array:
        return np.concatenate(
            [
                self.chain(x, block, "branch1x1"),
                self.chain(x, block, "branch5x5_1", "branch5x5_2"),
                self.chain(x, block, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
                self.chain(average(x), block, "branch_pool"),
            ]
        )

    def to_middle(self, x: Array, block: str) -> Array:
        double = self.chain(x, block, "branch3x3dbl_1", "branch3x3dbl_2")
        return np.concatenate(
            [
                self.conv(x, f"{block}.branch3x3", stride=2, pad=False),
                self.conv(double, f"{block}.branch3x3dbl_3", stride=2, pad=False),
                halved(x),
            ]
        )

    def middle(self, x: Array, block: str) -> Array:
        return np.concatenate(
            [
                self.chain(x, block, "branch1x1"),
                self.chain(x, block, *(f"branch7x7_{k}" for k in (1, 2, 3))),
                self.chain(x, block, *(f"branch7x7dbl_{k}" for k in (1, 2, 3, 4, 5))),
                self.chain(average(x), block, "branch_pool"),
            ]
        )

    def to_coarse(self, x: Array, block: str) -> Array:
        seven = self.chain(x, block, *(f"branch7x7x3_{k}" for k in (1, 2, 3)))
        three = self.chain(x, block, "branch3x3_1")
        return np.concatenate(
            [
                self.conv(three, f"{block}.branch3x3_2", stride=2, pad=False),
                self.conv(seven, f"{block}.branch7x7x3_4", stride=2, pad=False),
                halved(x),
            ]
        )

    def coarse(self, x: Array, block: str, pool: Callable[[Array], Array]) -> Array:
        three = self.chain(x, block, "branch3x3_1")
        double = self.chain(x, block, "branch3x3dbl_1", "branch3x3dbl_2")
        return np.concatenate(
            [
                self.chain(x, block, "branch1x1"),
                self.chain(three, block, "branch3x3_2a"),
                self.chain(three, block, "branch3x3_2b"),
                self.chain(double, block, "branch3x3dbl_3a"),
                self.chain(double, block, "branch3x3dbl_3b"),
                self.chain(pool(x), block, "branch_pool"),
            ]
        )

    def pool3(self, image: Array) -> Array:
        x = self.stem(image)
        for letter in "bcd":
            x = self.fine(x, f"Mixed_5{letter}")
        x = self.to_middle(x, "Mixed_6a")
        for letter in "bcde":
            x = self.middle(x, f"Mixed_6{letter}")
        x = self.to_coarse(x, "Mixed_7a")
        x = self.coarse(x, "Mixed_7b", average)
        x = self.coarse(x, "Mixed_7c", largest)
        return np.asarray(x.mean(axis=(1, 2)))


def windows(x: Array, rows: int, columns: int, stride: int) -> Array:
    """(channels, h, w, rows, columns)."""
    seen = np.lib.stride_tricks.sliding_window_view(x, (rows, columns), axis=(1, 2))
    return seen[:, ::stride, ::stride]


def padded(x: Array, rows: int, columns: int, value: float) -> Array:
    return np.pad(x, ((0, 0), (rows, rows), (columns, columns)), constant_values=value)


def average(x: Array) -> Array:
    """Over what lies inside: the sum of values over the sum of ones."""
    values, ones = padded(x, 1, 1, 0.0), padded(np.ones_like(x), 1, 1, 0.0)
    sums, counts = (windows(each, 3, 3, 1).sum(axis=(3, 4)) for each in (values, ones))
    return np.asarray(sums / counts)


def largest(x: Array) -> Array:
    return np.asarray(windows(padded(x, 1, 1, -np.inf), 3, 3, 1).max(axis=(3, 4)))


def halved(x: Array) -> Array:
    return np.asarray(windows(x, 3, 3, 2).max(axis=(3, 4)))
