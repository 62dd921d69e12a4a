"""An ONNX graph as OpenVINO's pair of files."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crossvox.files.atomic import write_atomically
from crossvox.synthesis.engines import BIN_SHA256, CONSTANTS, openvino


def write_openvino(graph: bytes, path: Path, *, constants: Mapping[str, Any]) -> None:
    """Write `path` (.xml) and its weights, float32, beside it (.bin).

    Args:
        graph: An ONNX file.
        path: Ends in .xml.
        constants: Go into the file as JSON, with the sha256 of the .bin.

    Raises:
        SettingsError: OpenVINO is not installed.
        FileError: The files cannot be written.
    """
    library = openvino()
    model = library.Core().read_model(graph)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "model.xml"
        library.save_model(model, made, compress_to_fp16=False)
        weights = made.with_suffix(".bin").read_bytes()
        said = {**constants, BIN_SHA256: hashlib.sha256(weights).hexdigest()}
        model.set_rt_info(json.dumps(said), [CONSTANTS])
        library.save_model(model, made, compress_to_fp16=False)
        text = made.read_bytes()
    write_atomically(path.with_suffix(".bin"), weights)
    write_atomically(path, text)
