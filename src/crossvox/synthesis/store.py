"""A synthesizer on disk: a folder of weights and a description, without pickle (decision 0007).

synthesizer/
├── weights.safetensors   the networks that synthesis needs, float32
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

from crossvox.acceleration.compute import Compute, compute_at_hand
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
PENDING = "pending.safetensors"  # new weights until the description speaks of them
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Description:
    """What `synthesizer.json` says.

    Attributes:
        format: Version of this layout.
        sha256: Of the weights' file.
        method: Name of the method and all of its settings.
        preparation: How volumes reach its scale and return.
        crossvox: Version that wrote it.
        torch: Version that trained it.
        step: Training steps behind the weights.
        cohort: Who it learned from: people by split, data, seed.
        patch: Sizes of the patches it learned from; None where nobody said.
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
    """Write a synthesizer; a reader sees the old one or the new one, never a mixture.

    Args:
        folder: Made where absent.
        weights: The method's state, of the networks in its `product` alone.
        method: Name and settings.
        preparation: How volumes reach its scale and return.
        step: Training steps behind the weights.
        cohort: Who it learned from.
        patch: Sizes of the patches it learned from.
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
    """The synthesizer of a folder, ready for use.

    Args:
        folder: A synthesizer, or the run it belongs to.
        compute: Where and how it runs; the fastest here if None.
        window: Sizes of prediction windows; chosen by the network and memory if None.
        settings: Of the method, in place of those it was trained under: what the weights do not
            decide, such as statistics at prediction time.

    Raises:
        ModelError: Nothing is there, or it is damaged or not a synthesizer.
        SettingsError: `settings` are of another network than the weights.
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
        compute or compute_at_hand(),
        window,
        patch=description.patch,
    )


def synthesizer_folder(path: Path) -> Path:
    """The folder with the description: `path` itself or its `synthesizer`.

    Raises:
        ModelError: Neither has one.
    """
    for folder in (path, path / "synthesizer"):
        if (folder / DESCRIPTION).is_file():
            return folder
    raise ModelError(f"{path} holds no {DESCRIPTION}: give a trained run or its synthesizer folder")


def read_description(folder: Path) -> Description:
    """What the folder says of its synthesizer.

    Raises:
        ModelError: It is not readable as such: a field is unknown, missing or out of bounds.
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
    """`description` with other settings of its method.

    Args:
        description: Of the synthesizer.
        changes: "method.key=value", with the value as in TOML; keys are the method's free settings.

    Raises:
        SettingsError: A key is unknown (the nearest known one is given) or was decided by
            training, or a value is wrong.
    """
    if not changes:
        return description
    given, free = dict(description.settings), free_settings(description.method)
    for change in changes:
        name, equals, value = change.partition("=")
        section, _, key = name.strip().partition(".")
        if not equals or section != "method" or not key:
            raise SettingsError(f"--set {change}: write it as method.key=value")
        given[key] = toml_value(value.strip())
    learned = method_settings(description.method, description.settings)
    settings = method_settings(description.method, given)
    for key, value in settings.items():
        if key not in free and value != learned[key]:
            raise SettingsError(
                f"--set method.{key}: training decided it; of {description.method} can be changed:"
                f" {', '.join(free) or 'nothing'}"
            )
    return replace(description, settings=settings)


@cache
def _adapter() -> TypeAdapter[Description]:
    return TypeAdapter(Description)


def _loaded(folder: Path, description: Description, settings: Mapping[str, Any]) -> SynthesisMethod:
    """The method with its weights; nothing of the size of its networks before they match."""
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
        raise ModelError(f"{folder / WEIGHTS} is missing: copy the whole synthesizer folder")
    small = [path for path in paths if path.stat().st_size <= at_most]
    if not small:
        raise ModelError(
            f"{folder} does not fit its own settings: {WEIGHTS} holds"
            f" {paths[0].stat().st_size} bytes, its networks need at most {at_most}"
        )
    for payload in (path.read_bytes() for path in small):
        if hashlib.sha256(payload).hexdigest() == description.sha256:
            return payload
    raise ModelError(f"{paths[0]} is damaged: its sha256 is not the one in {DESCRIPTION}")
