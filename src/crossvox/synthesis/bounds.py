"""Bounds of a model's description, so that a foreign model names no path and takes no memory."""

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

LARGEST_DESCRIPTION = 64 << 20  # bytes: the hashes of half a million people
MOST_SOURCES = 16
LARGEST_PATCH = 4096
LARGEST_COUNT = 100_000
LARGEST_NUMBER = 1e9
LONGEST_LIST = 64
LONGEST_TEXT = 64
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
    largest = LARGEST_COUNT if isinstance(value, int) else LARGEST_NUMBER
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
    """Bounds of the fields; which fields there are and of which kind, the dataclasses say."""

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
    """Contents of the description `path`, every field known and within its bounds.

    Args:
        path: A JSON file.
        kind: The dataclass that it is to become.
        layout: The only `format` that is read.

    Raises:
        ModelError: It is larger than any description, no JSON object, of another layout, or a
            field is unknown or out of bounds.
    """
    size = path.stat().st_size
    if size > LARGEST_DESCRIPTION:
        raise ModelError(f"{path} is not a synthesizer: {size} bytes are no description")
    contents = path.read_bytes()
    try:
        said = json.loads(contents)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not a synthesizer: no JSON ({error})") from None
    if not isinstance(said, dict):
        raise ModelError(f"{path} is not a synthesizer: no JSON object")
    if type(said.get("format")) is int and said["format"] != layout:
        raise ModelError(f"{path} has layout {said['format']}; this crossvox reads {layout}")
    writer = _writer(said)
    for unknown in _unknown_fields(said, kind):
        raise ModelError(f"{path}: unknown field {unknown}; {writer}: update crossvox")
    try:
        _adapter().validate_json(contents, strict=True)
    except ValidationError as error:
        raise ModelError(f"{path} is not a synthesizer: {first_fault(error)}; {writer}") from None
    return contents


def first_fault(error: ValidationError) -> str:
    """The first thing that pydantic found wrong: where, what, and what was got, shortened."""
    first = error.errors(include_url=False)[0]
    names = takewhile(lambda part: "[" not in str(part), first["loc"])  # then come unions' members
    where = ".".join(map(str, names))
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}, got {repr(first['input'])[:LONGEST_TEXT]}"


@cache
def _adapter() -> TypeAdapter[_Description]:
    return TypeAdapter(_Description)


def _writer(said: Mapping[str, Any]) -> str:
    version = re.sub(r"[^\w.+-]", "?", str(said.get("crossvox")))[:LONGEST_TEXT]
    return f"written by crossvox {version}, this is {__version__}"


def _unknown_fields(said: object, kind: object, *, within: str = "") -> Iterator[str]:
    """Fields of JSON objects that are none of the dataclass that each stands for."""
    if isinstance(said, list):
        for member in said:
            for part in get_args(kind):
                yield from _unknown_fields(member, part, within=within)
    if not isinstance(said, dict) or not (isinstance(kind, type) and is_dataclass(kind)):
        return
    hints = get_type_hints(kind)
    known = {one.name for one in fields(kind)}
    for name, value in said.items():
        if name not in known:
            yield f"{within}{str(name)[:LONGEST_TEXT]!r}"
        else:
            yield from _unknown_fields(value, hints[name], within=f"{within}{name}.")
