"""Bounds on a model's description: an untrusted file can neither name paths nor exhaust memory."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from crossvox.errors import ModelError
from crossvox.files.affines import LARGEST_SPACING_MM, SMALLEST_SPACING_MM
from crossvox.version import __version__

LARGEST_DESCRIPTION_BYTES = 64 << 20  # enough for the hashes of half a million people
MOST_SOURCES = 16
LARGEST_PATCH = 4096  # voxels along one axis
LARGEST_INTEGER = 100_000  # of a setting
LARGEST_FLOAT = 1e9  # of a setting
LONGEST_LIST = 64
LONGEST_TEXT = 64  # characters
LARGEST_INTENSITY = 1e12

Modality = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", max_length=32)]
Text = Annotated[str, Field(pattern=r"^[ -~]*$", max_length=LONGEST_TEXT)]
Intensity = Annotated[float, Field(ge=-LARGEST_INTENSITY, le=LARGEST_INTENSITY)]
Percent = Annotated[float, Field(ge=0, le=100)]
Millimeters = Annotated[float, Field(ge=SMALLEST_SPACING_MM, le=LARGEST_SPACING_MM)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(max_length=255)]


def _ascending(pair: tuple[float, float]) -> tuple[float, float]:
    if not pair[0] < pair[1]:
        raise ValueError("the first must be below the second")
    return pair


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({name.lower() for name in names}) < len(names):
        raise ValueError("must be distinct")
    return names


def _moderate(value: str | float | None) -> str | float | None:
    largest = LARGEST_INTEGER if isinstance(value, int) else LARGEST_FLOAT
    if isinstance(value, int | float) and not abs(value) <= largest:
        raise ValueError(f"must be within {-largest:g} and {largest:g}")
    return value


@dataclass(frozen=True, kw_only=True)
class _Scale:
    limits: Annotated[tuple[Intensity, Intensity], AfterValidator(_ascending)]
    percentiles: Annotated[tuple[Percent, Percent], AfterValidator(_ascending)] = (0, 100)


@dataclass(frozen=True, kw_only=True)
class _Preparation:
    source_modalities: Annotated[
        tuple[Modality, ...],
        Field(min_length=1, max_length=MOST_SOURCES),
        AfterValidator(_distinct),
    ]
    target_modality: Modality
    target_unit: Text
    spacing_mm: tuple[Millimeters, Millimeters, Millimeters] | None
    source_scales: Annotated[list[_Scale], Field(min_length=1, max_length=MOST_SOURCES)]
    target_scale: _Scale
    trained_spacing_mm: tuple[Millimeters, Millimeters, Millimeters] | None = None


@dataclass(frozen=True, kw_only=True)
class _People:
    train: list[Name] | None = None
    validation: list[Name] | None = None
    test: list[Name] | None = None
    source_sha256: dict[Name, dict[Name, list[Sha256]]] | None = None


Size = Annotated[int, Field(ge=1, le=LARGEST_PATCH)]
Plain = Annotated[bool | int | float | Text | None, AfterValidator(_moderate)]
Setting = Plain | Annotated[list[Plain], Field(max_length=LONGEST_LIST)]


@dataclass(frozen=True, kw_only=True)
class _Description:
    """Bounds of the fields; the dataclasses themselves define which fields exist."""

    sha256: Sha256
    method: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=LONGEST_TEXT)]
    settings: Annotated[dict[Text, Setting], Field(max_length=LONGEST_LIST)]
    preparation: _Preparation
    crossvox: Text
    torch: Text
    step: Annotated[int, Field(ge=0, le=10**12)]
    cohort: _People
    patch: tuple[Size, Size, Size] | None = None


def read_within_bounds(path: Path, kind: type, *, layout: int) -> bytes:
    """Read a description and check that every field is known and within its bounds.

    Args:
        path: JSON file of the description.
        kind: Dataclass with the fields of the description.
        layout: Value of `format` that is accepted.

    Raises:
        ModelError: The file is too large, not a JSON object or of another layout, or a field is
            unknown or out of bounds.
    """
    size = path.stat().st_size
    if size > LARGEST_DESCRIPTION_BYTES:
        raise ModelError(
            f"{path} is not a synthesizer: its description has {size} bytes, at most"
            f" {LARGEST_DESCRIPTION_BYTES} are allowed"
        )
    contents = path.read_bytes()
    try:
        description = json.loads(contents)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not a synthesizer: not JSON ({error})") from None
    if not isinstance(description, dict):
        raise ModelError(f"{path} is not a synthesizer: not a JSON object")
    file_layout = description.get("format")
    if type(file_layout) is int and file_layout != layout:
        raise ModelError(f"{path} has layout {file_layout}; this crossvox reads {layout}")
    writer = _writer(description)
    for field in _unknown_fields(description, kind):
        raise ModelError(f"{path}: unknown field {field}; {writer}: update crossvox")
    try:
        _adapter().validate_json(contents, strict=True)
    except ValidationError as error:
        raise ModelError(f"{path} is not a synthesizer: {first_fault(error)}; {writer}") from None
    return contents


def first_fault(error: ValidationError) -> str:
    """First fault in a validation error: field, message and shortened value."""
    first = error.errors(include_url=False)[0]
    names = takewhile(lambda part: "[" not in str(part), first["loc"])  # stops at union members
    where = ".".join(map(str, names))
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}, got {repr(first['input'])[:LONGEST_TEXT]}"


@cache
def _adapter() -> TypeAdapter[_Description]:
    return TypeAdapter(_Description)


def _writer(description: Mapping[str, Any]) -> str:
    version = re.sub(r"[^\w.+-]", "?", str(description.get("crossvox")))[:LONGEST_TEXT]
    return f"written by crossvox {version}, this is {__version__}"


def _unknown_fields(value: object, kind: object, *, within: str = "") -> Iterator[str]:
    """Names of the fields of nested JSON objects that their dataclasses do not have."""
    if isinstance(value, list):
        for member in value:
            for part in get_args(kind):
                yield from _unknown_fields(member, part, within=within)
    if not isinstance(value, dict) or not (isinstance(kind, type) and is_dataclass(kind)):
        return
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}
    for name, member in value.items():
        if name not in known:
            yield f"{within}{str(name)[:LONGEST_TEXT]!r}"
        else:
            yield from _unknown_fields(member, hints[name], within=f"{within}{name}.")
