"""A synthesizer as one file that needs neither torch nor crossvox."""

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
FORMAT = 1  # of the constants
CACHE = "engines"  # in a synthesizer's folder
KEY_LENGTH = 16


def export_synthesizer(
    synthesizer: Synthesizer, description: Description, out: Path, *, to: Target
) -> None:
    """Write the network with all that a runner needs to know of the preparation.

    Sizes are multiples of `multiple`, else any; batch 1; float32. The constants are JSON under
    the name "crossvox" in the file's own metadata.

    Args:
        synthesizer: Its method needs one pass.
        description: Of the synthesizer.
        out: Ends in .onnx, or in .xml for OpenVINO, which has a .bin beside it.
        to: The kind of file.

    Raises:
        SettingsError: The method is no graph, `out` ends otherwise, or the extra is missing.
        FileError: The file cannot be written.
    """
    if out.suffix != ENDINGS[to]:
        raise SettingsError(f"{out}: a file for {to} ends in {ENDINGS[to]}")
    if to == "openvino":
        openvino()  # a missing one is told before the work
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
    """The OpenVINO file of these weights and settings, exported once into `folder`/engines.

    Raises:
        SettingsError: The method is no graph, or the extra is missing.
        FileError: The file cannot be written.
    """
    deciding = {
        "sha256": description.sha256,
        "settings": description.settings,
        "crossvox": __version__,
        "format": FORMAT,
    }
    key = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    path = folder / CACHE / f"{key[:KEY_LENGTH]}.xml"
    if not path.is_file():
        export_synthesizer(synthesizer, description, path, to="openvino")
    return path


def by_openvino(
    synthesizer: Synthesizer, description: Description, model: Path, *, engine: str
) -> OpenVinoSynthesizer:
    """`synthesizer` with OpenVINO behind it.

    Args:
        synthesizer: Ready for use.
        description: Of the synthesizer.
        model: Folder of its run, or its own; the exported network is kept there.
        engine: "openvino", or a file that was exported from it (.xml).

    Raises:
        SettingsError: There is no such engine, or it cannot run this method.
        ModelError: The file is not an exported model, or one of other weights.
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
    """The kind of file that the ending of `out` says.

    Raises:
        SettingsError: None has this ending.
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
