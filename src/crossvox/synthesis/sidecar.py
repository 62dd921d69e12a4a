"""The JSON file beside a synthesized volume: where it comes from and what it took."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossvox import __version__
from crossvox.cohort import Case
from crossvox.files import NOTICE, read_sidecar
from crossvox.synthesis.compute import Compute, peak_memory_bytes
from crossvox.synthesis.machine import machine_in_words
from crossvox.synthesis.store import Description
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.volume.volume import Volume


def origin_of(volume: Volume, case: Case, description: Description) -> dict[str, Any]:
    """What a sidecar says of where `volume` comes from."""
    preparation = description.preparation
    return {
        "Description": f"{preparation.target_modality} synthesized by crossvox. {NOTICE}.",
        "SkullStripped": _is_skull_stripped(case.images[preparation.source_modalities[0]]),
        "Sources": [
            str(case.folder / case.images[name].name) for name in preparation.source_modalities
        ],
        "Units": volume.unit,
        **_making(description),
        "ModelStep": description.step,
        "TargetScale": {
            "kind": preparation.target_scale.kind,
            "limits": list(preparation.target_scale.limits),
            "percentiles": list(preparation.target_scale.percentiles),
        },
        "Created": datetime.now(UTC).isoformat(timespec="seconds"),
        "Notice": NOTICE,
    }


def costs_of(synthesizer: Synthesizer, *, seconds: float, network_seconds: float) -> dict[str, Any]:
    """What a sidecar says of how a volume was made and what that took."""
    return {
        "Engine": synthesizer.engine,
        "Precision": synthesizer.compute.precision,
        "Device": synthesizer.compute.device,
        "Machine": machine_in_words(synthesizer.compute),
        "SynthesisSeconds": round(seconds, 4),
        "NetworkSeconds": round(network_seconds, 4),
        "PeakMemoryBytes": peak_memory_bytes(synthesizer.compute.device),
        "NetworkPasses": synthesizer.method.passes,
    }


def up_to_date(case: Case, path: Path, description: Description, *, compute: Compute) -> bool:
    """Whether `path` was made by these weights and settings, in this precision, of these sources.

    Args:
        case: Its source files must not be younger.
        path: Of the synthesized volume.
        description: Of the synthesizer.
        compute: How it would run now.
    """
    if not path.is_file():
        return False
    sources = [case.images[name] for name in description.preparation.source_modalities]
    if max(file.stat().st_mtime_ns for file in sources) > path.stat().st_mtime_ns:
        return False
    said = read_sidecar(path)
    wanted = {**_making(description), "Precision": compute.precision, "Device": compute.device}
    return all(said.get(name) == value for name, value in wanted.items())


def _making(description: Description) -> dict[str, Any]:
    """What decides on the voxels, as a sidecar has it."""
    return {
        "Model": description.method,
        "ModelSHA256": description.sha256,
        "ModelSettings": json.loads(json.dumps(description.settings)),
        "Version": __version__,
    }


def _is_skull_stripped(source: Path) -> bool:
    """What the source's own sidecar says; a raw volume without one has its skull."""
    return bool(read_sidecar(source).get("SkullStripped", False))
