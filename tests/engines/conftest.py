"""Methods of every kind that are one graph, exported once for all tests."""

import importlib.util
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from crossvox.contract import SynthesisMethod
from crossvox.engines.exportable import exportable, multiple_of
from crossvox.engines.onnx import onnx_bytes
from crossvox.errors import SettingsError
from crossvox.synthesis.catalogue import build_method, method_names, method_settings

SMALL = {"width": 4, "depth": 2, "blocks": (1, 1, 2), "discriminator_width": 4}
SOURCES = 2
KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "batch": ("gan3d", {}),
    "instance": ("gan3d", {"norm": "instance"}),
    "group": ("gan3d", {"norm": "group"}),
    "statistics of the volume": ("gan3d", {"prediction_statistics": "batch"}),
    "trilinear": ("gan3d", {"up_sampling": "trilinear"}),
    "regression": ("regression3d", {}),
}
KINDS |= {
    name: (name, {}) for name in sorted(set(method_names()) - {name for name, _ in KINDS.values()})
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Exported:
    """A method and its graph."""

    method: SynthesisMethod
    multiple: int
    graph: bytes


def lived_in(name: str, settings: dict[str, str]) -> SynthesisMethod:
    """A method with statistics that do something, and contrast in its output."""
    torch.manual_seed(0)
    known = method_settings(name, {})
    small = {key: value for key, value in SMALL.items() if key in known}
    method = build_method(name, {**small, **settings}, sources=SOURCES).eval()
    for layer in method.modules():
        if isinstance(layer, _BatchNorm) and layer.running_var is not None:
            layer.running_var.uniform_(0.05, 0.2)
            nn.init.normal_(layer.weight, 1.0, 0.2)
            nn.init.normal_(layer.bias, 0.0, 0.2)
    return method


PARAMS = [
    pytest.param(name, marks=() if name == "batch" else pytest.mark.slow)  # seconds to export
    for name in KINDS
]


@pytest.fixture(scope="session", params=PARAMS)
def exported(request: pytest.FixtureRequest) -> Exported:
    if importlib.util.find_spec("onnxscript") is None:
        pytest.skip("onnxscript is not installed")
    name, settings = KINDS[request.param]
    method = lived_in(name, settings)
    try:
        plain = exportable(method)
        multiple = multiple_of(plain, sources=SOURCES)
    except SettingsError as error:
        pytest.skip(str(error))
    graph = onnx_bytes(plain, sources=SOURCES, multiple=multiple, metadata={"a": "b"})
    return Exported(method=method, multiple=multiple, graph=graph)
