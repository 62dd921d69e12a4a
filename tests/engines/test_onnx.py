"""The ONNX graph computes what torch computes, at sizes it was not traced with."""

import sys

import numpy as np
import pytest
import torch

from crossvox.engines.exportable import exportable
from crossvox.engines.onnx import onnx_bytes
from crossvox.errors import SettingsError
from crossvox.networks.padding import padded

from .conftest import SOURCES, Exported, lived_in

PARITY = 2e-4  # 1e-4 of the range of 2; what is seen is 100 times less


def test_onnxruntime_gives_what_torch_gives_at_other_sizes(exported: Exported) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(exported.graph, providers=["CPUExecutionProvider"])
    for sizes in ((9, 14, 7), (16, 4, 21)):
        source = torch.rand(1, SOURCES, *sizes) * 2 - 1
        with torch.inference_mode():
            wanted = exported.method.synthesize(source)
        grown, inner = padded(source, multiple=exported.multiple)
        found = session.run(["synthesized"], {"source": grown.numpy()})[0][inner]
        assert wanted.std() > 0.05
        assert np.abs(found - wanted.numpy()).max() <= PARITY


def test_the_file_says_its_sizes_and_holds_the_metadata(exported: Exported) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(exported.graph, providers=["CPUExecutionProvider"])
    (given,), (made,) = session.get_inputs(), session.get_outputs()
    assert given.name == "source"
    assert given.shape[:2] == [1, SOURCES]
    assert all(isinstance(size, str) for size in given.shape[2:])
    assert made.name == "synthesized"
    assert made.shape[:2] == [1, 1]
    assert session.get_modelmeta().custom_metadata_map["a"] == "b"


def test_a_missing_exporter_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(SettingsError, match=r"pip install 'crossvox\[export\]'"):
        onnx_bytes(exportable(lived_in("gan3d", {})), sources=SOURCES, multiple=4, metadata={})
