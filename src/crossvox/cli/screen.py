"""Progress on a terminal with time left; one line per interval elsewhere."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


class Screen:
    """Shows stages and rows of training; what a command hands to the library as `progress`."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._label = ""
        self._stage = ""
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def run(self, name: str) -> None:
        """The run of a suite that everything from now on belongs to."""
        self._label = f"{name}: "

    def stage(self, name: str, done: int, total: int) -> None:
        """Work that is counted."""
        self._show(name, done, total, note="")

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """A row of progress.csv."""
        note = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        self._show("training", step, steps, note=note)

    def _show(self, name: str, done: int, total: int, *, note: str) -> None:
        name = f"{self._label}{name}"
        if not self._console.is_terminal:
            if note or done == total:
                self._console.print(f"{name} {done}/{total}  {note}".rstrip(), soft_wrap=True)
            return
        if name != self._stage or self._task is None:
            self._stage = name
            self._task = self._bars.add_task(name, total=total, note=note)
        self._bars.update(self._task, completed=done, total=total, note=note)
