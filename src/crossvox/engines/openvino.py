"""Conversion of an ONNX graph to OpenVINO's pair of files."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crossvox.files.atomic import write_atomically
from crossvox.synthesis.engines import BIN_SHA256, CONSTANTS, openvino


def write_openvino(graph: bytes, path: Path, *, constants: Mapping[str, Any]) -> None:
    """Write an OpenVINO model: `path` (.xml), and its float32 weights beside it (.bin).

    Args:
        graph: Contents of an ONNX file.
        path: Path of the .xml file.
        constants: Constants for the file's metadata, where they are JSON with the .bin's sha256.

    Raises:
        SettingsError: OpenVINO is not installed.
        FileError: The files cannot be written.
    """
    library = openvino()
    model = library.Core().read_model(graph)
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / "model.xml"
        library.save_model(model, temporary, compress_to_fp16=False)
        weights = temporary.with_suffix(".bin").read_bytes()
        metadata = {**constants, BIN_SHA256: hashlib.sha256(weights).hexdigest()}
        model.set_rt_info(json.dumps(metadata), [CONSTANTS])
        library.save_model(model, temporary, compress_to_fp16=False)
        text = temporary.read_bytes()
    write_atomically(path.with_suffix(".bin"), weights)
    write_atomically(path, text)
