"""The moving average of weights."""

import torch

from crossvox.synthesis.catalogue import build_method
from crossvox.training.average import MovingAverage


def test_the_average_follows_the_weights_by_its_decay() -> None:
    method = build_method("gan3d", {"width": 2, "depth": 1}, sources=1)
    average = MovingAverage(method, decay=0.75)
    name = "generator.head.bias"
    before = method.state_dict()[name].clone()
    with torch.no_grad():
        method.state_dict()[name].add_(4)
    average.update(1000)
    torch.testing.assert_close(average.product()[name], before + 1)


def test_a_short_run_forgets_the_untrained_weights() -> None:
    method = build_method("gan3d", {"width": 2, "depth": 1}, sources=1)
    average = MovingAverage(method, decay=0.999)
    name = "generator.head.bias"
    with torch.no_grad():
        method.state_dict()[name].fill_(1.0)
        average._average[name].zero_()
    for step in range(1, 101):
        average.update(step)
    # the product of (1 + s) / (10 + s) over 100 steps; 0.999 ** 100 would leave 90 %
    assert average.product()[name].item() > 0.999


def test_without_a_decay_the_weights_themselves_are_the_product() -> None:
    method = build_method("gan3d", {"width": 2, "depth": 1}, sources=1)
    average = MovingAverage(method, decay=0.0)
    with torch.no_grad():
        method.state_dict()["generator.head.bias"].fill_(9)
    average.update(1)
    assert average.product()["generator.head.bias"] == 9
    assert average.tensors() == {}


def test_a_checkpoint_brings_the_average_back() -> None:
    method = build_method("gan3d", {"width": 2, "depth": 1}, sources=1)
    average = MovingAverage(method, decay=0.5)
    kept = {name: value + 1 for name, value in average.tensors().items()}
    average.load(kept)
    assert all(torch.equal(kept[name], value) for name, value in average.tensors().items())
