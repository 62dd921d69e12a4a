"""Protocol between long work and the displays of its progress."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from crossvox.errors import SettingsError


@runtime_checkable
class Progress(Protocol):
    """Receiver of progress; its methods must be cheap enough to call at every training step."""

    def run(self, name: str) -> None:
        """Begin the run `name` of a suite; all later calls belong to it."""

    def say(self, text: str) -> None:
        """Show a line of text, such as a setting of the plan."""

    def stage(self, name: str, done: int, total: int) -> None:
        """Show that `done` of `total` items are done in a stage other than training."""

    def step(self, step: int, steps: int) -> None:
        """Show that `step` of `steps` training steps are done; the first call is at the start."""

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """Show a row of progress.csv."""


class Quiet:
    """Receiver that ignores all progress."""

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
    """Receiver that calls a function of (name, done, total); training is the stage "training"."""

    def __init__(self, function: Callable[[str, int, int], object]) -> None:
        self._function = function

    def stage(self, name: str, done: int, total: int) -> None:
        """Call the function."""
        self._function(name, done, total)

    def step(self, step: int, steps: int) -> None:
        """Call the function."""
        self._function("training", step, steps)


def as_progress(shown: Progress | Callable[[str, int, int], object] | None) -> Progress:
    """Convert a function or None to `Progress`; an object with its methods is returned as it is.

    Raises:
        SettingsError: `shown` is none of these.
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
