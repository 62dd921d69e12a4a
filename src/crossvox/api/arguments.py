"""Types of arguments that the public functions share."""

import os
from collections.abc import Callable, Sequence

from crossvox.progress import Progress

AnyPath = str | os.PathLike[str]
Shown = Progress | Callable[[str, int, int], object] | None
Sizes = tuple[int, int, int]
Names = str | Sequence[str]


def names_in(given: Names | None) -> tuple[str, ...]:
    """Names in a sequence or in comma-separated text, stripped of spaces; empty if None."""
    if given is None:
        return ()
    names = given.split(",") if isinstance(given, str) else given
    return tuple(name.strip() for name in names if name.strip())
