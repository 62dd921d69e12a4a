"""Export of a synthesizer to one file that needs neither torch nor crossvox."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from crossvox.engines.exportable import exportable, multiple_of
from crossvox.engines.onnx import onnx_bytes
from crossvox.engines.openvino import write_openvino
from crossvox.errors import SettingsError
from crossvox.files import NOTICE
from crossvox.files.atomic import write_atomically
from crossvox.synthesis.engines import CONSTANTS, OpenVinoSynthesizer, openvino
from crossvox.synthesis.store import Description, synthesizer_folder
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.version import __version__

Target = Literal["onnx", "openvino"]
ENDINGS: dict[Target, str] = {"onnx": ".onnx", "openvino": ".xml"}
FORMAT = 1  # version of the constants' layout
CACHE_FOLDER = "engines"  # inside a synthesizer's folder
KEY_LENGTH = 16  # hexadecimal digits


def export_synthesizer(
    synthesizer: Synthesizer, description: Description, out: Path, *, to: Target
) -> None:
    """Write the network, with the constants that its input's preparation needs, to one file.

    The network takes float32, batch size 1, and any sizes that are multiples of the constant
    `multiple`. The constants are JSON under the key "crossvox" in the file's metadata.

    Args:
        synthesizer: Synthesizer with a single-pass method.
        description: Description of the synthesizer.
        out: Path of the file: .onnx, or .xml for OpenVINO (its weights go into a .bin beside it).
        to: File format.

    Raises:
        SettingsError: The method cannot be exported as one graph, `out` has another ending, or the
            extra [export] is not installed.
        FileError: The file cannot be written.
    """
    if out.suffix != ENDINGS[to]:
        raise SettingsError(f"{out}: a file for {to} ends in {ENDINGS[to]}")
    if to == "openvino":
        openvino()  # reports a missing library before the export, which takes time
    method = exportable(synthesizer.method)
    sources = len(synthesizer.preparation.source_modalities)
    multiple = multiple_of(method, sources=sources)
    constants = _constants(description, multiple=multiple)
    metadata = {CONSTANTS: json.dumps(constants)}
    graph = onnx_bytes(method, sources=sources, multiple=multiple, metadata=metadata)
    if to == "onnx":
        write_atomically(out, graph)
        return
    write_openvino(graph, out, constants=constants)


def cached_engine(synthesizer: Synthesizer, description: Description, folder: Path) -> Path:
    """Path of the OpenVINO file of these weights and settings, exported once to `folder`/engines.

    Raises:
        SettingsError: The method cannot be exported as one graph, or the extra is not installed.
        FileError: The file cannot be written.
    """
    identity = {
        "sha256": description.sha256,
        "settings": description.settings,
        "crossvox": __version__,
        "format": FORMAT,
    }
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    path = folder / CACHE_FOLDER / f"{key[:KEY_LENGTH]}.xml"
    if not path.is_file():
        export_synthesizer(synthesizer, description, path, to="openvino")
    return path


def by_openvino(
    synthesizer: Synthesizer, description: Description, model: Path, *, engine: str
) -> OpenVinoSynthesizer:
    """`synthesizer` with its network running in OpenVINO.

    Args:
        synthesizer: Synthesizer to run.
        description: Description of the synthesizer.
        model: Folder of its run or of the synthesizer, where the exported network is kept.
        engine: "openvino", or an .xml file that was exported from this synthesizer.

    Raises:
        SettingsError: There is no such engine, or it cannot run this method.
        ModelError: The file is not an exported model, or has other weights.
    """
    if engine != "openvino" and Path(engine).suffix != ENDINGS["openvino"]:
        raise SettingsError(f"no engine {engine!r}; there are: torch, openvino, FILE.xml")
    return OpenVinoSynthesizer(
        preparation=synthesizer.preparation,
        method=synthesizer.method,
        compute=synthesizer.compute,
        window=synthesizer.window,
        seed=synthesizer.seed,
        patch=synthesizer.patch,
        description=description,
        file=(
            cached_engine(synthesizer, description, synthesizer_folder(model))
            if engine == "openvino"
            else Path(engine)
        ),
    )


def target_of(out: Path) -> Target:
    """File format for the ending of `out`.

    Raises:
        SettingsError: No format has this ending.
    """
    for target, ending in ENDINGS.items():
        if out.suffix == ending:
            return target
    raise SettingsError(f"{out}: an exported model ends in .onnx, or in .xml for OpenVINO")


def _constants(description: Description, *, multiple: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "notice": NOTICE,
        "crossvox": __version__,
        "method": description.method,
        "settings": description.settings,
        "sha256": description.sha256,
        "step": description.step,
        "multiple": multiple,
        "patch": description.patch,
        "preparation": asdict(description.preparation),
    }
