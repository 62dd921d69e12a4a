"""A method as an ONNX graph of any size."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from crossvox.contract import SynthesisMethod
from crossvox.errors import SettingsError

SOURCE, SYNTHESIZED = "source", "synthesized"
TRACED = (2, 3, 4)  # multiples along X, Y, Z while tracing: unequal, so that none is confused
AXES = "xyz"


class _Graph(nn.Module):
    """A method's synthesis as the forward pass of one module."""

    def __init__(self, method: SynthesisMethod) -> None:
        super().__init__()
        self.method = method

    def forward(self, source: Tensor) -> Tensor:
        return self.method.synthesize(source)


def onnx_bytes(
    method: SynthesisMethod, *, sources: int, multiple: int, metadata: dict[str, str]
) -> bytes:
    """The ONNX file of a method: `source` (1, C, X, Y, Z) to `synthesized` (1, 1, X, Y, Z).

    Args:
        method: Exportable.
        sources: Channels in.
        multiple: Of each size.
        metadata: Goes into the file.

    Raises:
        SettingsError: The extra [export] is not installed.
    """
    _ask_for_exporter()
    example = torch.zeros(1, sources, *(count * multiple for count in TRACED))
    sizes = {2 + at: multiple * Dim(name, min=2) for at, name in enumerate(AXES)}
    with _quietly(), torch.no_grad():
        program: Any = torch.onnx.export(
            _Graph(method).eval(),
            (example,),
            dynamo=True,
            input_names=[SOURCE],
            output_names=[SYNTHESIZED],
            dynamic_shapes=(sizes,),
            external_data=False,
            verbose=False,
        )
    model = program.model_proto
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    return bytes(model.SerializeToString())


def _ask_for_exporter() -> None:
    try:
        import_module("onnxscript")
    except ImportError:
        raise SettingsError(
            "exporting needs onnx and onnxscript: pip install 'crossvox[export]'"
        ) from None


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what the exporter says of itself: that torchvision is absent, and its own future."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
            yield
    finally:
        logger.setLevel(before)
