"""Networks and files of weights, compared before either takes memory."""

import json
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import save

from crossvox.errors import ModelError, SettingsError
from crossvox.synthesis.catalogue import build_method, method_names, method_settings
from crossvox.synthesis.weights import largest_file, product_shapes, refuse_other_weights

HUGE = ({"width": 100_000}, {"depth": 40}, {"discriminator_width": 100_000})


@pytest.mark.parametrize("method", method_names())
def test_shapes_are_those_of_the_real_network(method: str) -> None:
    settings = method_settings(method, {"width": 4})
    real = build_method(method, settings, sources=2).product_state()
    shapes = product_shapes(method, settings, sources=2)
    assert shapes == {name: tuple(tensor.shape) for name, tensor in real.items()}
    payload = save({name: tensor.float().contiguous() for name, tensor in real.items()})
    refuse_other_weights(payload, shapes, origin="here")
    assert len(payload) <= largest_file(shapes)


@pytest.mark.parametrize("settings", HUGE)
def test_networks_larger_than_any_memory_take_none(settings: dict[str, Any]) -> None:
    before = psutil.Process().memory_info().rss
    payload = save({"generator.head.bias": torch.zeros(1)})
    with pytest.raises((ModelError, SettingsError)):
        refuse_other_weights(payload, product_shapes("gan3d", settings, sources=1), origin="here")
    assert psutil.Process().memory_info().rss - before < 200 << 20


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ({}, "generator"),
        ({"generator.head.weight": torch.zeros(2)}, "generator"),
        ({"other": torch.zeros(2)}, "other is .* not known"),
    ],
)
def test_other_weights_are_refused_by_name(tensors: dict[str, torch.Tensor], told: str) -> None:
    shapes = product_shapes("gan3d", {"width": 4}, sources=1)
    wanted = {name: torch.zeros(shape) for name, shape in shapes.items()}
    payload = save({**wanted, **tensors}) if "other" in tensors else save(tensors)
    with pytest.raises(ModelError, match=f"does not fit its own settings: .*{told}"):
        refuse_other_weights(payload, shapes, origin="here")


def test_weights_of_another_type_are_refused() -> None:
    shapes = product_shapes("gan3d", {"width": 4}, sources=1)
    payload = save({name: torch.zeros(shape).half() for name, shape in shapes.items()})
    with pytest.raises(ModelError, match="F16"):
        refuse_other_weights(payload, shapes, origin="here")


@pytest.mark.parametrize(
    "header", [b"[]", b"{", b"nothing", b'{"a": 1}', b'{"a": {}}', b"[" * 100_000]
)
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    with pytest.raises(ModelError, match="holds no safetensors"):
        refuse_other_weights(len(header).to_bytes(8, "little") + header, {}, origin="here")


def test_a_header_longer_than_the_file_is_refused() -> None:
    with pytest.raises(ModelError, match="holds no safetensors"):
        refuse_other_weights(b"\xff" * 8 + json.dumps({"a": 1})[:-1].encode(), {}, origin="here")


def test_random_numbers_are_as_if_no_network_had_been_looked_at() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    product_shapes("pix2pix2d", {"width": 4}, sources=1)
    assert torch.equal(torch.rand(3), expected)
