"""Paths as callers write them."""

import os
from pathlib import Path

from crossvox.errors import SettingsError


def path_of(given: object, *, name: str) -> Path:
    """A `str` or `Path` as `Path`.

    Args:
        given: The path.
        name: Argument that is told in an error.

    Raises:
        SettingsError: It is something else, or empty.
    """
    if not isinstance(given, str | os.PathLike):
        raise SettingsError(f"{name} must be a path, got {type(given).__name__}")
    path = os.fspath(given)
    if not isinstance(path, str) or not path:
        raise SettingsError(f"{name} must be a path, got {path!r}")
    return Path(path)


def optional_path(given: object | None, *, name: str) -> Path | None:
    """`path_of` where something is given.

    Raises:
        SettingsError: It is no path.
    """
    return None if given is None else path_of(given, name=name)
