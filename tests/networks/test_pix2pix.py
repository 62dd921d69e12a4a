"""The networks of pix2pix, against the paper's appendix."""

import pytest
import torch
from torch import Tensor, nn

from crossvox.networks.pix2pix import NoiseDropout, PatchDiscriminator2d, Pix2PixUNet


def generator(*, depth: int = 8) -> Pix2PixUNet:
    torch.manual_seed(0)
    return Pix2PixUNet(sources=1, width=8, depth=depth, norm="instance", dropout=True)


def test_the_published_generator_has_its_widths() -> None:
    network = Pix2PixUNet(sources=3, width=64, depth=8, norm="batch", dropout=True)
    down = [layer.out_channels for layer in network.modules() if type(layer) is nn.Conv2d]
    assert down == [64, 128, 256, 512, 512, 512, 512, 512]
    up = [layer for layer in network.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [layer.out_channels for layer in up] == [512, 512, 512, 512, 256, 128, 64, 1]
    assert sum(isinstance(layer, NoiseDropout) for layer in network.modules()) == 3
    # its authors' code counts 54.414 million: three channels out, no bias on the way down
    two_more, biases = 2 * (128 * 16 + 1), 64 + 512
    total = sum(one.numel() for one in network.parameters()) + two_more - biases
    assert round(total / 1e6, 3) == 54.414


@pytest.mark.parametrize(("depth", "size"), [(8, 256), (3, 8), (2, 16), (1, 4)])
def test_sizes_stay_as_they_are(depth: int, size: int) -> None:
    synthesized = generator(depth=depth).eval()(torch.randn(1, 1, size, size))
    assert synthesized.shape == (1, 1, size, size)
    assert synthesized.abs().max() <= 1


def test_a_logit_sees_70_by_70_pixels() -> None:
    torch.manual_seed(0)
    network = PatchDiscriminator2d(sources=1, width=4, levels=3, norm="batch").eval()
    source = torch.randn(1, 1, 256, 256, requires_grad=True)
    network(source, torch.randn(1, 1, 256, 256))[0, 0, 15, 15].backward()
    seen = source.grad
    assert isinstance(seen, Tensor)
    rows, columns = seen[0, 0].nonzero(as_tuple=True)
    assert int(rows.max() - rows.min()) + 1 == 70
    assert int(columns.max() - columns.min()) + 1 == 70


def test_dropout_is_another_at_each_training_step_and_the_same_while_synthesizing() -> None:
    dropout, features = NoiseDropout(), torch.ones(2, 64, 4, 4)
    assert not torch.equal(dropout(features), dropout(features))
    dropout.eval()
    dropped = dropout(features)
    assert torch.equal(dropped, dropout(features))
    assert torch.equal(dropped[0], dropped[1])
    # 1024 features: standard error 0.016 of the share that is kept
    assert abs((dropped[0] > 0).float().mean().item() - 0.5) < 0.06
    assert set(dropped.unique().tolist()) == {0.0, 2.0}


def test_weights_begin_as_published() -> None:
    network = Pix2PixUNet(sources=1, width=32, depth=6, norm="batch", dropout=False)
    convolution = next(
        layer for layer in network.down[3].children() if isinstance(layer, nn.Conv2d)
    )
    # 65536 draws: relative standard error 0.3 %
    assert convolution.weight.std().item() == pytest.approx(0.02, rel=0.03)
    biases = [value for name, value in network.named_parameters() if name.endswith("bias")]
    assert biases
    assert not any(bias.any() for bias in biases)
