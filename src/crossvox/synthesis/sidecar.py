"""The JSON file beside a synthesized volume: where it comes from and what it took."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossvox.acceleration.compute import Compute, peak_memory_bytes
from crossvox.acceleration.machine import machine_in_words
from crossvox.cohort import Case
from crossvox.errors import FileError
from crossvox.files import NOTICE, ReadOptions, read_sidecar, sha256_of
from crossvox.synthesis.store import Description
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.version import __version__
from crossvox.volume.volume import Volume

SHOWN_DIGITS = 8
LEARNED_FROM = ("train", "validation")
READING_KEYS = ("SourceVolume", "SourceForm")  # absent where nothing was chosen
READING = ReadOptions()


def origin_of(
    volume: Volume,
    case: Case,
    description: Description,
    *,
    sources_sha256: Sequence[str],
    reading: ReadOptions = READING,
) -> dict[str, Any]:
    """What a sidecar says of where `volume` comes from.

    Args:
        volume: As synthesized.
        case: What it was made of.
        description: Of the synthesizer.
        sources_sha256: Of each source file, in the order of the model's modalities.
        reading: How the sources were read.
    """
    preparation = description.preparation
    return {
        "Description": f"{preparation.target_modality} synthesized by crossvox. {NOTICE}.",
        "SkullStripped": _is_skull_stripped(case.images[preparation.source_modalities[0]]),
        "Sources": _source_names(case, description),
        "SourceSHA256": list(sources_sha256),
        **_subject_in_model(case, sources_sha256, description.cohort),
        "Units": volume.unit,
        **_making(description, reading),
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
        FileError: One of them cannot be read.
    """
    modalities = description.preparation.source_modalities
    return tuple(sha256_of(case.images[name]) for name in modalities)


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
        case: Its source files must hold the same bytes.
        path: Of the synthesized volume.
        description: Of the synthesizer.
        compute: How it would run now.
    """
    if not path.is_file():
        return False
    said = read_sidecar(path)
    otherwise = made_otherwise(said, case, description) or made_elsewhere(said, compute)
    return not otherwise and of_same_sources(said, case, description)


def made_otherwise(
    said: Mapping[str, Any],
    case: Case,
    description: Description,
    *,
    reading: ReadOptions = READING,
) -> str:
    """How a volume was made, where that is not how it would be made now; empty if it is.

    Args:
        said: Its sidecar.
        case: What it would be made of; only the names of the files count.
        description: Of the synthesizer.
        reading: How the sources would be read.
    """
    making = _making(description, reading)
    changed = [name for name in (*making, *READING_KEYS) if said.get(name) != making.get(name)]
    if not said:
        return "made by an unknown model: its sidecar is missing"
    if {"Model", "ModelSHA256"} & {*changed}:
        told = [f"{said.get('Model')} {str(said.get('ModelSHA256'))[:SHOWN_DIGITS]}"]
        told += [f"{description.method} {description.sha256[:SHOWN_DIGITS]}"]
        return f"made by another model ({told[0]}, this is {told[1]})"
    if changed:
        told = [_difference(said.get(name), making.get(name), name=name) for name in changed]
        return f"made with other settings ({'; '.join(told)})"
    if said.get("Sources") != _source_names(case, description):
        return f"made of {', '.join(map(str, said.get('Sources', ())))}"
    return ""


def made_elsewhere(said: Mapping[str, Any], compute: Compute) -> str:
    """In which precision and on which device a volume was made, where they are others now."""
    if (said.get("Precision"), said.get("Device")) == (compute.precision, compute.device):
        return ""
    return f"in {said.get('Precision')} on {said.get('Device')}"


def of_same_sources(said: Mapping[str, Any], case: Case, description: Description) -> bool:
    """Whether a volume was made of the bytes that the sources hold now, by its sidecar.

    A source that cannot be read is none that a volume was made of; reading it will say why.
    """
    try:
        return said.get("SourceSHA256") == list(source_sha256(case, description))
    except FileError:
        return False


def _difference(before: object, now: object, *, name: str) -> str:
    """What changed; of a table of settings only those that did."""
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
    """Whether the model learned from these sources, or from a person of this name.

    Nothing is said of a model that does not tell what it learned from.
    """
    hashes: Mapping[str, Any] = cohort.get("source_sha256", {})
    for split in LEARNED_FROM:
        known = {value for values in hashes.get(split, {}).values() for value in values}
        if known & {*sources_sha256}:
            return {"SubjectInModel": split}
    for split in LEARNED_FROM:
        if case.subject in cohort.get(split, ()):
            return {"SubjectInModel": f"{split} by name"}
    return {"SubjectInModel": "none"} if hashes else {}


def _making(description: Description, reading: ReadOptions) -> dict[str, Any]:
    """What decides on the voxels beside the sources, as a sidecar has it."""
    chosen = {"SourceVolume": reading.volume_index, "SourceForm": reading.prefer}
    return {
        **{name: value for name, value in chosen.items() if value is not None},
        "Model": description.method,
        "ModelSHA256": description.sha256,
        "ModelSettings": json.loads(json.dumps(description.settings)),
        "Version": __version__,
    }


def _is_skull_stripped(source: Path) -> bool:
    """What the source's own sidecar says; a raw volume without one has its skull."""
    return bool(read_sidecar(source).get("SkullStripped", False))
