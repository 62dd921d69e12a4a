"""Synthesizer on disk: a folder of weights and a description, without pickle (decision 0007).

synthesizer/
├── weights.safetensors   weights of the networks that synthesis needs, float32
└── synthesizer.json      sha256 of the weights, method, settings, preparation, versions, cohort
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from crossvox.acceleration.compute import Compute, choose_compute
from crossvox.contract import SynthesisMethod
from crossvox.errors import ModelError, SettingsError
from crossvox.files.atomic import write_atomically
from crossvox.preparation.preparation import Preparation
from crossvox.synthesis.bounds import first_fault, read_within_bounds
from crossvox.synthesis.catalogue import build_method, free_settings, method_settings
from crossvox.synthesis.settings import toml_value
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.synthesis.weights import largest_file, product_shapes, refuse_other_weights
from crossvox.synthesis.windows import Sizes
from crossvox.version import __version__

WEIGHTS, DESCRIPTION = "weights.safetensors", "synthesizer.json"
PENDING = "pending.safetensors"  # new weights, until the description has their sha256
FORMAT = 1  # version of the folder's layout


@dataclass(frozen=True, kw_only=True)
class Description:
    """Contents of `synthesizer.json`.

    Attributes:
        format: Version of the folder's layout.
        sha256: SHA-256 of the weights file.
        method: Name of the method.
        settings: All settings of the method.
        preparation: Preparation of volumes for the network, and their restoration.
        crossvox: Version of crossvox that wrote the folder.
        torch: Version of torch with which the weights were trained.
        step: Training step of the weights.
        cohort: Training cohort: people by split, data, seed.
        patch: Size of the training patches in voxels; None if unknown.
    """

    format: int
    sha256: str
    method: str
    settings: dict[str, Any]
    preparation: Preparation
    crossvox: str
    torch: str
    step: int
    cohort: dict[str, Any]
    patch: Sizes | None = None


def save_synthesizer(
    folder: Path,
    *,
    weights: Mapping[str, torch.Tensor],
    method: tuple[str, Mapping[str, Any]],
    preparation: Preparation,
    step: int,
    cohort: Mapping[str, Any],
    patch: Sizes | None = None,
) -> None:
    """Write a synthesizer; readers see the old or the new files, never a mixture.

    Args:
        folder: Folder to write, created if missing.
        weights: State of the networks in the method's `product`, without the others.
        method: Name and settings of the method.
        preparation: Preparation of volumes for the network, and their restoration.
        step: Training step of the weights.
        cohort: Training cohort: people by split, data, seed.
        patch: Size of the training patches in voxels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    payload = save({name: tensor.float().contiguous().cpu() for name, tensor in weights.items()})
    description = Description(
        format=FORMAT,
        sha256=hashlib.sha256(payload).hexdigest(),
        method=method[0],
        settings=dict(method[1]),
        preparation=preparation,
        crossvox=__version__,
        torch=torch.__version__,
        step=step,
        cohort=dict(cohort),
        patch=patch,
    )
    write_atomically(folder / PENDING, payload)
    write_atomically(folder / DESCRIPTION, json.dumps(asdict(description), indent=2).encode())
    (folder / PENDING).replace(folder / WEIGHTS)


def load_synthesizer(
    folder: Path,
    *,
    compute: Compute | None = None,
    window: Sizes | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Synthesizer:
    """Load the synthesizer of a folder.

    Args:
        folder: Folder of a synthesizer, or of the run it belongs to.
        compute: Device and precision; the fastest on this machine if None.
        window: Size of the prediction windows in voxels; None lets network and memory decide.
        settings: Settings of the method that replace the trained ones and do not affect the
            weights, such as the statistics used in prediction.

    Raises:
        ModelError: The folder holds no synthesizer, or a damaged one.
        SettingsError: `settings` describe a network that the weights do not fit.
    """
    folder = synthesizer_folder(folder)
    description = read_description(folder)
    try:
        method = _loaded(folder, description, settings or description.settings)
    except ModelError as error:
        if not settings or dict(settings) == description.settings:
            raise
        raise SettingsError(f"a setting cannot be changed after training: {error}") from None
    return Synthesizer(
        description.preparation,
        method,
        compute or choose_compute(),
        window,
        patch=description.patch,
    )


def synthesizer_folder(path: Path) -> Path:
    """Folder with the description: `path` itself or its subfolder `synthesizer`.

    Raises:
        ModelError: Neither has a description.
    """
    for folder in (path, path / "synthesizer"):
        if (folder / DESCRIPTION).is_file():
            return folder
    raise ModelError(f"{path} holds no {DESCRIPTION}: give a trained run or its synthesizer folder")


def read_description(folder: Path) -> Description:
    """Read and check the description of a synthesizer.

    Raises:
        ModelError: There is no description, or a field is unknown, missing or out of bounds.
    """
    path = synthesizer_folder(folder) / DESCRIPTION
    contents = read_within_bounds(path, Description, layout=FORMAT)
    try:
        description = _adapter().validate_json(contents, strict=True)
        method_settings(description.method, description.settings)
    except ValidationError as error:
        raise ModelError(f"{path} is not a synthesizer: {first_fault(error)}") from None
    except SettingsError as error:
        raise ModelError(f"{path} is not a synthesizer: {error}") from None
    sources = len(description.preparation.source_modalities)
    scales = len(description.preparation.source_scales)
    if scales != sources:
        raise ModelError(f"{path} is not a synthesizer: {sources} sources have {scales} scales")
    return description


def with_settings(description: Description, changes: Sequence[str]) -> Description:
    """Copy of `description` with changed settings of its method.

    Args:
        description: Description of the synthesizer.
        changes: Changes as "method.key=value", with the value as in TOML and keys that may change
            after training.

    Raises:
        SettingsError: A key is unknown (the nearest known one is suggested) or fixed by training,
            or a value is wrong.
    """
    if not changes:
        return description
    values, free = dict(description.settings), free_settings(description.method)
    for change in changes:
        name, equals, value = change.partition("=")
        section, _, key = name.strip().partition(".")
        if not equals or section != "method" or not key:
            raise SettingsError(f"--set {change}: write it as method.key=value")
        values[key] = toml_value(value.strip())
    trained = method_settings(description.method, description.settings)
    settings = method_settings(description.method, values)
    for key, value in settings.items():
        if key not in free and value != trained[key]:
            raise SettingsError(
                f"--set method.{key}: fixed by training; settings of {description.method} that can"
                f" be changed: {', '.join(free) or 'none'}"
            )
    return replace(description, settings=settings)


@cache
def _adapter() -> TypeAdapter[Description]:
    return TypeAdapter(Description)


def _loaded(folder: Path, description: Description, settings: Mapping[str, Any]) -> SynthesisMethod:
    """Method with its weights; no networks are allocated before the file is known to fit them."""
    sources = len(description.preparation.source_modalities)
    shapes = product_shapes(description.method, settings, sources=sources)
    payload = _checked_weights(folder, description, at_most=largest_file(shapes))
    refuse_other_weights(payload, shapes, origin=str(folder))
    method = build_method(description.method, settings, sources=sources)
    try:
        method.load_networks(load(payload), names=method.product)
    except SafetensorError as error:
        raise ModelError(f"{folder} holds no safetensors: {error}") from None
    return method


def _checked_weights(folder: Path, description: Description, *, at_most: int) -> bytes:
    paths = [path for path in (folder / WEIGHTS, folder / PENDING) if path.is_file()]
    if not paths:
        raise ModelError(f"{folder / WEIGHTS} is missing; copy the whole synthesizer folder")
    small = [path for path in paths if path.stat().st_size <= at_most]
    if not small:
        raise ModelError(
            f"{folder} does not fit its own settings: {WEIGHTS} holds"
            f" {paths[0].stat().st_size} bytes, its networks need at most {at_most}"
        )
    for payload in (path.read_bytes() for path in small):
        if hashlib.sha256(payload).hexdigest() == description.sha256:
            return payload
    raise ModelError(
        f"{paths[0]} is damaged: its sha256 is not the one in {DESCRIPTION}; copy it again"
    )
