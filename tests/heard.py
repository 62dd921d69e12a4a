"""Progress that records every call."""

from collections.abc import Mapping

from crossvox.progress import Quiet


class RecordedProgress(Quiet):
    """Progress that records stages as (name, done, total), steps, steps of rows, and lines."""

    def __init__(self) -> None:
        self.counts: list[tuple[str, int, int]] = []
        self.rows: list[int] = []
        self.steps: list[tuple[int, int]] = []
        self.lines: list[str] = []

    @property
    def finished(self) -> list[str]:
        """Names of the stages that were counted to their end."""
        return [name for name, done, total in self.counts if done == total]

    def say(self, text: str) -> None:
        self.lines.append(text)

    def stage(self, name: str, done: int, total: int) -> None:
        self.counts.append((name, done, total))

    def step(self, step: int, steps: int) -> None:
        self.steps.append((step, steps))

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:  # noqa: ARG002 - the protocol's
        self.rows.append(step)
