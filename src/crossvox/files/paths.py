"""Conversion of path arguments of public functions."""

import os
from pathlib import Path

from crossvox.errors import SettingsError


def path_of(value: object, *, name: str) -> Path:
    """Convert a `str` or `Path` to `Path`.

    Args:
        value: Argument to convert.
        name: Name of the argument, for error messages.

    Raises:
        SettingsError: `value` is not a path, or is empty.
    """
    if not isinstance(value, str | os.PathLike):
        raise SettingsError(f"{name} must be a path, got {type(value).__name__}")
    path = os.fspath(value)
    if not isinstance(path, str) or not path:
        raise SettingsError(f"{name} must be a path, got {path!r}")
    return Path(path)


def optional_path(value: object | None, *, name: str) -> Path | None:
    """Convert a `str` or `Path` to `Path`, and None to None.

    Raises:
        SettingsError: `value` is neither None nor a path.
    """
    return None if value is None else path_of(value, name=name)
