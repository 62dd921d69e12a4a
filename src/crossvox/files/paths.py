"""Conversion of path arguments of public functions."""

import os
from pathlib import Path

from crossvox.errors import SettingsError


def path_of(given: object, *, name: str) -> Path:
    """Convert a `str` or `Path` to `Path`.

    Args:
        given: Value of the argument.
        name: Name of the argument, for error messages.

    Raises:
        SettingsError: `given` is not a path, or is empty.
    """
    if not isinstance(given, str | os.PathLike):
        raise SettingsError(f"{name} must be a path, got {type(given).__name__}")
    path = os.fspath(given)
    if not isinstance(path, str) or not path:
        raise SettingsError(f"{name} must be a path, got {path!r}")
    return Path(path)


def optional_path(given: object | None, *, name: str) -> Path | None:
    """Convert a `str` or `Path` to `Path`, and None to None.

    Raises:
        SettingsError: `given` is neither None nor a path.
    """
    return None if given is None else path_of(given, name=name)
