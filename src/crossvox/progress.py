"""Progress of long work: one protocol for whatever shows it."""

from collections.abc import Mapping
from typing import Protocol


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
