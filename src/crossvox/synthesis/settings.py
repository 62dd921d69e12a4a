"""Settings dataclasses from plain values; unknown names and wrong types are refused."""

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


def parse_settings(kind: type[Settings], values: Mapping[str, Any], *, section: str) -> Settings:
    """Build the frozen dataclass `kind` from plain values.

    Args:
        kind: Dataclass of settings.
        values: Values by name; settings without one keep their defaults.
        section: Name of the section in error messages.

    Raises:
        SettingsError: A name is unknown (the nearest known name is suggested) or a value is wrong.
    """
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # always a dataclass
    for name in values:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known settings: {', '.join(known)}"
            raise SettingsError(f"unknown setting {section}.{name}; {hint}")
    _refuse_booleans(kind, values, section=section)
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"]) or "?"
        message = f"{section}.{where}: {fault['msg']}, got {fault['input']!r}"
        raise SettingsError(message) from None


def toml_value(text: str) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Value of `text` in TOML; text that is not TOML is a string, so quotes can be left out."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _refuse_booleans(kind: type, values: Mapping[str, Any], *, section: str) -> None:
    """Refuse true and false, which Python counts as 1 and 0, for settings that are not boolean."""
    hints = get_type_hints(kind)
    for name, value in values.items():
        if _has_boolean(value) and not _accepts_boolean(hints[name]):
            message = f"{section}.{name} cannot be true or false, got {value!r}"
            raise SettingsError(message)


def _has_boolean(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(_has_boolean(member) for member in value)
    return isinstance(value, bool)


def _accepts_boolean(hint: object) -> bool:
    return hint in (bool, Any) or any(_accepts_boolean(part) for part in get_args(hint))
