"""OpenVINO's pair of files computes what torch computes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from crossvox.engines.openvino import write_openvino
from crossvox.errors import FileError
from crossvox.networks.padding import padded

from .conftest import SOURCES, Exported

PARITY = 2e-4  # 1e-4 of the range of 2; what is seen is 50 times less
openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed")


def test_openvino_gives_what_torch_gives_at_other_sizes(exported: Exported, tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    write_openvino(exported.graph, path, constants={})
    network = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for sizes in ((9, 14, 7), (16, 4, 21)):
        source = torch.rand(1, SOURCES, *sizes) * 2 - 1
        with torch.inference_mode():
            wanted = exported.method.synthesize(source)
        grown, inner = padded(source, multiple=exported.multiple)
        found = network(grown.numpy())[0][inner]
        assert np.abs(found - wanted.numpy()).max() <= PARITY


def test_a_folder_that_cannot_be_written_is_refused(exported: Exported, tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("anything")
    with pytest.raises(FileError, match="afile"):
        write_openvino(exported.graph, tmp_path / "afile/model.xml", constants={})
