"""Export of a method to an ONNX graph for volumes of any size."""

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
TRACED_MULTIPLES = (2, 3, 4)  # along X, Y, Z; unequal, so that the tracer keeps the axes apart
AXES = "xyz"


class _Graph(nn.Module):
    """Module whose forward pass is a method's synthesis."""

    def __init__(self, method: SynthesisMethod) -> None:
        super().__init__()
        self.method = method

    def forward(self, source: Tensor) -> Tensor:
        return self.method.synthesize(source)


def onnx_bytes(
    method: SynthesisMethod, *, sources: int, multiple: int, metadata: dict[str, str]
) -> bytes:
    """Contents of an ONNX file from `source` (1, C, X, Y, Z) to `synthesized` (1, 1, X, Y, Z).

    Args:
        method: Method in the form that `exportable` returns.
        sources: Number of input channels.
        multiple: Number of which X, Y and Z are multiples.
        metadata: Metadata of the file.

    Raises:
        SettingsError: The extra [export] is not installed.
    """
    _require_exporter()
    example = torch.zeros(1, sources, *(count * multiple for count in TRACED_MULTIPLES))
    sizes = {2 + axis: multiple * Dim(name, min=2) for axis, name in enumerate(AXES)}
    with _silenced_exporter(), torch.no_grad():
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


def _require_exporter() -> None:
    try:
        import_module("onnxscript")
    except ImportError:
        raise SettingsError(
            "export needs onnx and onnxscript; run pip install 'crossvox[export]'"
        ) from None


@contextmanager
def _silenced_exporter() -> Iterator[None]:
    """Suppress the exporter's messages about missing torchvision and its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)
