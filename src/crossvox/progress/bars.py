"""Progress bars with remaining time on a terminal, and plain lines elsewhere."""

from collections.abc import Iterable, Mapping
from time import monotonic
from types import TracebackType
from typing import Self

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from crossvox.progress.clock import StepClock, duration

TRAINING = "training"
SECONDS_COLUMNS = ("seconds_per_step", "cpu_seconds_per_step")  # of progress.csv
LINE_INTERVAL_SECONDS = 60.0  # between lines on steps, without a terminal


class Bars:
    """Display of stages, training steps and losses on stderr, as used by the commands."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars = _Display(self._console)
        self._label = ""
        self._stage = ""
        self._task: TaskID | None = None
        self._clock: StepClock | None = None
        self._last_line_at = 0.0

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
        """Prefix everything from now on with the name of a suite's run."""
        self._label, self._clock = f"{name}: ", None

    def say(self, text: str) -> None:
        """Print a line that stays on the screen."""
        self._console.print(Text(f"{self._label}{text}"), soft_wrap=True)

    def stage(self, name: str, done: int, total: int) -> None:
        """Show that `done` of `total` items of the stage `name` are done."""
        if name != TRAINING:
            self._clock = None
        if self._console.is_terminal:
            self._bar(name, done, total, note="")
        elif done == total:
            self._line(f"{name} {done}/{total}")

    def step(self, step: int, steps: int) -> None:
        """Show a training step; the first call gives the step at which the run starts."""
        if self._clock is None and step:
            self.say(f"resuming from step {step} of {steps}")
        first = self._tick(step)
        if self._console.is_terminal:
            self._bar(TRAINING, step, steps, note=self._left(steps))
        elif first or (self._pace and monotonic() - self._last_line_at > LINE_INTERVAL_SECONDS):
            self._line(f"{TRAINING} {step}/{steps}{self._pace}{self._left(steps)}")

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """Show a row of progress.csv, with the pace of recent steps in place of its times."""
        self._tick(step)
        cells = {
            name: f"{value:.4g}" for name, value in values.items() if name not in SECONDS_COLUMNS
        }
        if self._console.is_terminal:
            self._bars.losses = {**self._bars.losses, **cells}  # validation rows have no losses
            self._bar(TRAINING, step, steps, note=self._left(steps))
            return
        losses = "".join(f"  {name} {value}" for name, value in cells.items())
        self._line(f"{TRAINING} {step}/{steps}{self._pace}{self._left(steps)}{losses}")

    def _tick(self, step: int) -> bool:
        """Count a step and return whether it is the first completed step of this session."""
        if self._clock is None:
            self._clock, self._bars.losses = StepClock(step), {}
        before = self._clock.seconds_per_step
        self._clock.tick(step)
        self._bars.pace = self._pace.strip()
        return before is None and self._clock.seconds_per_step is not None

    @property
    def _pace(self) -> str:
        seconds = self._clock and self._clock.seconds_per_step
        return "" if seconds is None else f"  {seconds:.3g} s/step"

    def _left(self, steps: int) -> str:
        seconds = self._clock and self._clock.left(steps)
        return f"  {duration(seconds)} left" if seconds else ""

    def _line(self, text: str) -> None:
        self._last_line_at = monotonic()
        self.say(text)

    def _bar(self, name: str, done: int, total: int, *, note: str) -> None:
        name = f"{self._label}{name}"
        if name != self._stage or self._task is None:
            self._bars.settle()
            self._stage = name
            self._task = self._bars.add_task(name, total=total, note="")
        self._bars.update(self._task, completed=done, total=total, note=note.strip())


class _Display(Progress):
    """Full-width bar with the pace and the newest losses below it."""

    def __init__(self, console: Console) -> None:
        self.losses: Mapping[str, str] = {}
        self.pace = ""
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            _NoteColumn(),
            console=console,
            disable=not console.is_terminal,
            expand=True,
        )

    def settle(self) -> None:
        """Replace bars with lines that stay, since bars beyond the screen's height are cut off."""
        for task in self.tasks:
            self.console.print(Text(f"{task.description} {task.completed:g}/{task.total:g}"))
            self.remove_task(task.id)
        self.losses, self.pace = {}, ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the bar, then pace and losses in as many columns as fit."""
        yield from super().get_renderables()
        texts = [self.pace, *(f"{name} {value}" for name, value in self.losses.items())]
        if any(texts):
            yield Columns([text for text in texts if text], padding=(0, 3))


class _NoteColumn(ProgressColumn):
    """Column with the time left: from the step clock in training, else rich's estimate."""

    max_refresh = 0.5  # seconds

    def __init__(self) -> None:
        super().__init__()
        self._left = TimeRemainingColumn()

    def render(self, task: Task) -> Text:
        note = task.fields["note"]
        return Text(note, no_wrap=True) if note else self._left.render(task)
