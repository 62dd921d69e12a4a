"""Types of arguments that the public functions share."""

import os
from collections.abc import Callable, Sequence

from crossvox.progress import Progress

AnyPath = str | os.PathLike[str]
Shown = Progress | Callable[[str, int, int], object] | None
Sizes = tuple[int, int, int]
Names = str | Sequence[str]


def names_in(names: Names | None) -> tuple[str, ...]:
    """Names in a sequence or in comma-separated text, stripped of spaces; empty if None."""
    if names is None:
        return ()
    listed = names.split(",") if isinstance(names, str) else names
    return tuple(name.strip() for name in listed if name.strip())
