"""Check that a weights file fits a network before any memory is allocated for the network."""

import json
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from crossvox.errors import ModelError
from crossvox.synthesis.catalogue import build_method

Shapes = dict[str, tuple[int, ...]]

FLOAT32_BYTES = 4
LARGEST_HEADER_BYTES = 16 << 20
LENGTH_BYTES = 8  # of the integer before the header that gives its length
LARGEST_TRAINING_ONLY_BYTES = 2 << 30  # networks built but not used in synthesis: discriminators
MOST_NAMED = 3  # tensors listed in a message


def product_shapes(method: str, settings: Mapping[str, Any], *, sources: int) -> Shapes:
    """Shapes of the weights that synthesis needs, by name, from networks on the meta device.

    Raises:
        SettingsError: There is no such method, or a setting is wrong.
        ModelError: The settings describe impossible or too large networks.
    """
    try:
        with OnMetaDevice():
            networks = build_method(method, settings, sources=sources)
    except (RuntimeError, OverflowError, TypeError, ValueError) as error:
        raise ModelError(f"no network has such settings ({error})") from None
    product = {name: tuple(tensor.shape) for name, tensor in networks.product_state().items()}
    total = sum(prod(tensor.shape) for tensor in networks.state_dict().values())
    training_only = FLOAT32_BYTES * (total - sum(prod(shape) for shape in product.values()))
    if training_only > LARGEST_TRAINING_ONLY_BYTES:
        raise ModelError(
            f"the settings describe training networks of {training_only / 2**30:.0f} GiB, at most"
            f" {LARGEST_TRAINING_ONLY_BYTES / 2**30:.0f} GiB are allowed"
        )
    return product


def largest_file(shapes: Shapes) -> int:
    """Largest size in bytes of a file with weights of these shapes."""
    weights = sum(prod(shape) for shape in shapes.values())
    return LENGTH_BYTES + LARGEST_HEADER_BYTES + FLOAT32_BYTES * weights


def refuse_other_weights(payload: bytes, shapes: Shapes, *, origin: str) -> None:
    """Check names, types and shapes of the tensors in a safetensors header.

    Args:
        payload: Contents of the whole file.
        shapes: Expected shapes of the float32 tensors, by name.
        origin: Name of the file in error messages.

    Raises:
        ModelError: A name, type or shape differs.
    """
    header = _header_of(payload, origin=origin)
    float32 = {name: ("F32", shape) for name, shape in shapes.items()}
    wrong = sorted(
        name for name in header.keys() | float32.keys() if header.get(name) != float32.get(name)
    )
    if wrong:
        listed = "; ".join(
            f"{name} is {header.get(name, 'absent')}, not {float32.get(name, 'known')}"
            for name in wrong[:MOST_NAMED]
        )
        raise ModelError(f"{origin} does not fit its own settings: {listed}")


class OnMetaDevice(TorchFunctionMode):
    """Mode in which new layers have weights on the meta device, with shapes but without memory.

    Tables that a method computes keep their values, and no weights are drawn: on the meta device
    either would make torch import a thousand modules, which takes a second.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever `func` returns
        keywords = dict(kwargs or {})
        if func in (torch.empty, torch.zeros, torch.ones):
            return func(*args, **{**keywords, "device": "meta"})
        if getattr(func, "__module__", "") == nn.init.__name__:
            return args[0] if args else keywords["tensor"]
        return func(*args, **keywords)


def _header_of(payload: bytes, *, origin: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    end = LENGTH_BYTES + int.from_bytes(payload[:LENGTH_BYTES], "little")
    try:
        header = json.loads(payload[LENGTH_BYTES:end])
        tensors = {name: tensor for name, tensor in header.items() if name != "__metadata__"}
        return {name: (item["dtype"], tuple(item["shape"])) for name, item in tensors.items()}
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise ModelError(f"{origin} holds no safetensors: {error}") from None
