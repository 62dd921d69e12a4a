"""Settings from plain values, refusing what is unknown."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from crossvox.errors import SettingsError

Settings = TypeVar("Settings")
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Millimeters = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def parse_settings(kind: type[Settings], given: Mapping[str, Any], *, section: str) -> Settings:
    """The frozen dataclass `kind` from plain values.

    Args:
        kind: A dataclass of settings.
        given: Values by name; what is absent keeps its default.
        section: Named in errors.

    Raises:
        SettingsError: A name is unknown (the nearest known one is given) or a value is wrong.
    """
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # always a dataclass
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"
            raise SettingsError(f"unknown setting {section}.{name}; {hint}")
    _refuse_truth_values(kind, given, section=section)
    try:
        return TypeAdapter(kind).validate_python(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "?"
        message = f"{section}.{where}: {first['msg']}, got {first['input']!r}"
        raise SettingsError(message) from None


def toml_value(text: str) -> Any:  # noqa: ANN401 - whatever TOML holds
    """What `text` stands for in TOML; a word's quotes may be left out."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _refuse_truth_values(kind: type, given: Mapping[str, Any], *, section: str) -> None:
    """Python counts true as 1; as a setting it is a mistake wherever no truth value is meant."""
    hints = get_type_hints(kind)
    for name, value in given.items():
        if _has_truth_value(value) and not _takes_truth_value(hints[name]):
            message = f"{section}.{name} cannot be true or false, got {value!r}"
            raise SettingsError(message)


def _has_truth_value(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(_has_truth_value(member) for member in value)
    return isinstance(value, bool)


def _takes_truth_value(hint: object) -> bool:
    return hint in (bool, Any) or any(_takes_truth_value(part) for part in get_args(hint))
