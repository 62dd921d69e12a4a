"""Progress of long work: one protocol for whatever shows it."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from crossvox.errors import SettingsError


@runtime_checkable
class Progress(Protocol):
    """Receiver of progress; every call is cheap enough for each step of training."""

    def run(self, name: str) -> None:
        """Begin the run of a suite to which everything that follows belongs."""

    def say(self, text: str) -> None:
        """Show a line for people: a part of the plan, or where a run goes on."""

    def stage(self, name: str, done: int, total: int) -> None:
        """Count work that is no step of training: `done` of `total`, named as "preparing"."""

    def step(self, step: int, steps: int) -> None:
        """Count a step of training; the first call tells how many were done before."""

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """Show a row of progress.csv."""


class Quiet:
    """Progress that is not shown."""

    def run(self, name: str) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""

    def stage(self, name: str, done: int, total: int) -> None:
        """Show nothing."""

    def step(self, step: int, steps: int) -> None:
        """Show nothing."""

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """Show nothing."""


QUIET = Quiet()


class Counted(Quiet):
    """Progress as a function of (name, done, total); steps of training are named "training"."""

    def __init__(self, function: Callable[[str, int, int], object]) -> None:
        self._function = function

    def stage(self, name: str, done: int, total: int) -> None:
        """Tell the function."""
        self._function(name, done, total)

    def step(self, step: int, steps: int) -> None:
        """Tell the function."""
        self._function("training", step, steps)


def as_progress(shown: Progress | Callable[[str, int, int], object] | None) -> Progress:
    """A function or nothing as `Progress`; anything with its methods is one already.

    Raises:
        SettingsError: It is neither.
    """
    if shown is None:
        return QUIET
    if isinstance(shown, Progress):
        return shown
    if callable(shown):
        return Counted(shown)
    raise SettingsError(
        f"progress must be a function of (name, done, total) or have the methods of"
        f" crossvox.Progress, got {type(shown).__name__}"
    )
