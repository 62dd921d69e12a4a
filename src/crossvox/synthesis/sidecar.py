"""JSON sidecar of a synthesized volume: its origin, and the time and memory it took."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossvox.acceleration.compute import Compute, peak_memory_bytes
from crossvox.acceleration.machine import describe_machine
from crossvox.cohort import Case
from crossvox.errors import FileError
from crossvox.files import NOTICE, ReadOptions, read_sidecar, sha256_of
from crossvox.synthesis.store import Description
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.version import __version__
from crossvox.volume.volume import Volume

SHOWN_DIGITS = 8  # of a SHA-256
SEEN_SPLITS = ("train", "validation")  # splits that influence the weights
READING_KEYS = ("SourceVolume", "SourceForm")  # absent if the user chose neither
READING = ReadOptions()


def origin_of(
    volume: Volume,
    case: Case,
    description: Description,
    *,
    sources_sha256: Sequence[str],
    reading: ReadOptions = READING,
) -> dict[str, Any]:
    """Sidecar fields on the origin of `volume`.

    Args:
        volume: Synthesized volume.
        case: Case with its sources.
        description: Description of the synthesizer.
        sources_sha256: SHA-256 of each source file, in the order of the model's modalities.
        reading: Options with which the sources were read.
    """
    preparation = description.preparation
    return {
        "Description": f"{preparation.target_modality} synthesized by crossvox. {NOTICE}.",
        "SkullStripped": _is_skull_stripped(case.images[preparation.source_modalities[0]]),
        "Sources": _source_names(case, description),
        "SourceSHA256": list(sources_sha256),
        **_subject_in_model(case, sources_sha256, description.cohort),
        "Units": volume.unit,
        **_provenance(description, reading),
        "ModelStep": description.step,
        "TargetScale": {
            "kind": preparation.target_scale.kind,
            "limits": list(preparation.target_scale.limits),
            "percentiles": list(preparation.target_scale.percentiles),
        },
        "Created": datetime.now(UTC).isoformat(timespec="seconds"),
        "Notice": NOTICE,
    }


def source_sha256(case: Case, description: Description) -> tuple[str, ...]:
    """SHA-256 of each source file of `case`, in the order of the model's modalities.

    Raises:
        FileError: A source file cannot be read.
    """
    modalities = description.preparation.source_modalities
    return tuple(sha256_of(case.images[name]) for name in modalities)


def costs_of(synthesizer: Synthesizer, *, seconds: float, network_seconds: float) -> dict[str, Any]:
    """Sidecar fields on engine, precision, machine, seconds and memory of a synthesis."""
    return {
        "Engine": synthesizer.engine,
        "Precision": synthesizer.compute.precision,
        "Device": synthesizer.compute.device,
        "Machine": describe_machine(synthesizer.compute),
        "SynthesisSeconds": round(seconds, 4),
        "NetworkSeconds": round(network_seconds, 4),
        "PeakMemoryBytes": peak_memory_bytes(synthesizer.compute.device),
        "NetworkPasses": synthesizer.method.passes,
    }


def up_to_date(case: Case, path: Path, description: Description, *, compute: Compute) -> bool:
    """Whether the volume `path` has these weights, settings, precision, device and sources.

    Args:
        case: Case whose source files must hold the same bytes.
        path: Path of the synthesized volume.
        description: Description of the synthesizer.
        compute: Precision and device that would be used now.
    """
    if not path.is_file():
        return False
    sidecar = read_sidecar(path)
    difference = origin_difference(sidecar, case, description) or compute_difference(
        sidecar, compute
    )
    return not difference and has_same_sources(sidecar, case, description)


def origin_difference(
    sidecar: Mapping[str, Any],
    case: Case,
    description: Description,
    *,
    reading: ReadOptions = READING,
) -> str:
    """How the origin of a volume differs from that of a new one; empty if it does not.

    Args:
        sidecar: Sidecar of the volume.
        case: Case it would be synthesized from now; only the file names are compared.
        description: Description of the synthesizer.
        reading: Options with which the sources would be read.
    """
    now = _provenance(description, reading)
    changed = [name for name in (*now, *READING_KEYS) if sidecar.get(name) != now.get(name)]
    if not sidecar:
        return "made by an unknown model: its sidecar is missing"
    if {"Model", "ModelSHA256"} & {*changed}:
        other_model = f"{sidecar.get('Model')} {str(sidecar.get('ModelSHA256'))[:SHOWN_DIGITS]}"
        this_model = f"{description.method} {description.sha256[:SHOWN_DIGITS]}"
        return f"made by another model ({other_model}, this is {this_model})"
    if changed:
        differences = [_difference(sidecar.get(name), now.get(name), name=name) for name in changed]
        return f"made with other settings ({'; '.join(differences)})"
    if sidecar.get("Sources") != _source_names(case, description):
        return f"made from {', '.join(map(str, sidecar.get('Sources', ())))}"
    return ""


def compute_difference(sidecar: Mapping[str, Any], compute: Compute) -> str:
    """Precision and device of a volume, in words, if they differ from `compute`; else empty."""
    if (sidecar.get("Precision"), sidecar.get("Device")) == (compute.precision, compute.device):
        return ""
    return f"in {sidecar.get('Precision')} on {sidecar.get('Device')}"


def has_same_sources(sidecar: Mapping[str, Any], case: Case, description: Description) -> bool:
    """Whether the sources still hold the bytes that a volume's sidecar recorded.

    An unreadable source counts as changed; reading it again will raise its error.
    """
    try:
        return sidecar.get("SourceSHA256") == list(source_sha256(case, description))
    except FileError:
        return False


def _difference(before: object, now: object, *, name: str) -> str:
    """Difference between two values in words; for tables of settings, of each changed setting."""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        return f"{name} {before}, now {now}"
    names = [key for key in before | now if before.get(key) != now.get(key)]
    return "; ".join(_difference(before.get(key), now.get(key), name=key) for key in names)


def _source_names(case: Case, description: Description) -> list[str]:
    modalities = description.preparation.source_modalities
    return [str(case.folder / case.images[name].name) for name in modalities]


def _subject_in_model(
    case: Case, sources_sha256: Sequence[str], cohort: Mapping[str, Any]
) -> dict[str, str]:
    """Sidecar field with the split that contains these sources or a person of this name.

    Absent if the model does not record what it was trained on.
    """
    hashes: Mapping[str, Any] = cohort.get("source_sha256", {})
    for split in SEEN_SPLITS:
        known = {value for values in hashes.get(split, {}).values() for value in values}
        if known & {*sources_sha256}:
            return {"SubjectInModel": split}
    for split in SEEN_SPLITS:
        if case.subject in cohort.get(split, ()):
            return {"SubjectInModel": f"{split} by name"}
    return {"SubjectInModel": "none"} if hashes else {}


def _provenance(description: Description, reading: ReadOptions) -> dict[str, Any]:
    """Sidecar fields, other than the sources, that determine the voxels."""
    chosen = {"SourceVolume": reading.volume_index, "SourceForm": reading.prefer}
    return {
        **{name: value for name, value in chosen.items() if value is not None},
        "Model": description.method,
        "ModelSHA256": description.sha256,
        "ModelSettings": json.loads(json.dumps(description.settings)),
        "Version": __version__,
    }


def _is_skull_stripped(source: Path) -> bool:
    """Whether the source's sidecar says that it is skull-stripped; false without a sidecar."""
    return bool(read_sidecar(source).get("SkullStripped", False))
