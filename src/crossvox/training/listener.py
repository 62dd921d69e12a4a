"""What a training run tells while it works; a command shows it, a test remembers it."""

from collections.abc import Mapping
from typing import Protocol


class TrainingProgress(Protocol):
    """Told what happens; every call is cheap enough for each step."""

    def stage(self, name: str, done: int, total: int) -> None:
        """Work before the first step."""

    def say(self, text: str) -> None:
        """A line for people: a part of the plan, or where a run goes on."""

    def step(self, step: int, steps: int) -> None:
        """A step is done; the first call says how many were done before, so time starts there."""

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """A row of progress.csv."""
