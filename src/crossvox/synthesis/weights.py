"""Whether a file of weights is that of a network, known before either takes memory."""

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
LARGEST_HEADER = 16 << 20
LENGTH_BYTES = 8  # of the header's size, before it
LARGEST_COMPANY = 2 << 30  # bytes of the networks that are built beside those that synthesize
SHOWN = 3


def product_shapes(method: str, settings: Mapping[str, Any], *, sources: int) -> Shapes:
    """Shapes of the weights that synthesis needs, by name, from networks without contents.

    Raises:
        SettingsError: There is no such method, or a setting is wrong.
        ModelError: The settings are of networks that cannot be.
    """
    try:
        with WithoutContents():
            built = build_method(method, settings, sources=sources)
    except (RuntimeError, OverflowError, TypeError, ValueError) as error:
        raise ModelError(f"no network has such settings ({error})") from None
    product = {name: tuple(tensor.shape) for name, tensor in built.product_state().items()}
    whole = sum(prod(tensor.shape) for tensor in built.state_dict().values())
    beside = FLOAT32_BYTES * (whole - sum(prod(shape) for shape in product.values()))
    if beside > LARGEST_COMPANY:
        raise ModelError(f"its settings ask for networks of {beside / 2**30:.0f} GiB")
    return product


def largest_file(shapes: Shapes) -> int:
    """Bytes that a file of such weights may have."""
    weights = sum(prod(shape) for shape in shapes.values())
    return LENGTH_BYTES + LARGEST_HEADER + FLOAT32_BYTES * weights


def refuse_other_weights(payload: bytes, shapes: Shapes, *, origin: str) -> None:
    """Check names, types and shapes in the header of safetensors.

    Args:
        payload: The whole file.
        shapes: What it is to hold, as float32.
        origin: Named in errors.

    Raises:
        ModelError: They are others.
    """
    header = _header_of(payload, origin=origin)
    float32 = {name: ("F32", shape) for name, shape in shapes.items()}
    wrong = sorted(
        name for name in header.keys() | float32.keys() if header.get(name) != float32.get(name)
    )
    if wrong:
        listed = "; ".join(
            f"{name} is {header.get(name, 'absent')}, not {float32.get(name, 'known')}"
            for name in wrong[:SHOWN]
        )
        raise ModelError(f"{origin} does not fit its own settings: {listed}")


class WithoutContents(TorchFunctionMode):
    """Layers made here have weights on the meta device: sizes, and no memory.

    Tables that a method computes have their contents, and nothing is drawn: on the meta device
    torch would import a thousand modules for either, which takes a second.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever `func` returns
        words = dict(kwargs or {})
        if func in (torch.empty, torch.zeros, torch.ones):
            return func(*args, **{**words, "device": "meta"})
        if getattr(func, "__module__", "") == nn.init.__name__:
            return args[0] if args else words["tensor"]
        return func(*args, **words)


def _header_of(payload: bytes, *, origin: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    end = LENGTH_BYTES + int.from_bytes(payload[:LENGTH_BYTES], "little")
    try:
        said = json.loads(payload[LENGTH_BYTES:end])
        entries = {name: one for name, one in said.items() if name != "__metadata__"}
        return {name: (one["dtype"], tuple(one["shape"])) for name, one in entries.items()}
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise ModelError(f"{origin} holds no safetensors: {error}") from None
