"""Progress on a terminal with time left; lines at intervals elsewhere."""

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
SECONDS = ("seconds_per_step", "cpu_seconds_per_step")
QUIET = 60.0  # seconds without a line, away from a terminal, before steps are told again


class Bars:
    """Shows stages, steps and rows of training; what a command hands the library as `progress`."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars = _Display(self._console)
        self._label = ""
        self._stage = ""
        self._task: TaskID | None = None
        self._clock: StepClock | None = None
        self._told = 0.0

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
        self._label, self._clock = f"{name}: ", None

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(Text(f"{self._label}{text}"), soft_wrap=True)

    def stage(self, name: str, done: int, total: int) -> None:
        """Work that is counted."""
        if name != TRAINING:
            self._clock = None
        if self._console.is_terminal:
            self._bar(name, done, total, note="")
        elif done == total:
            self._line(f"{name} {done}/{total}")

    def step(self, step: int, steps: int) -> None:
        """A step of training; the first call says where the run begins."""
        if self._clock is None and step:
            self.say(f"going on from step {step} of {steps}")
        first = self._tick(step)
        if self._console.is_terminal:
            self._bar(TRAINING, step, steps, note=self._left(steps))
        elif first or (self._pace and monotonic() - self._told > QUIET):
            self._line(f"{TRAINING} {step}/{steps}{self._pace}{self._left(steps)}")

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """A row of progress.csv; its seconds are shown as the pace of the newest steps."""
        self._tick(step)
        shown = {name: f"{value:.4g}" for name, value in values.items() if name not in SECONDS}
        if self._console.is_terminal:
            self._bars.losses = {**self._bars.losses, **shown}  # a validation has no losses
            self._bar(TRAINING, step, steps, note=self._left(steps))
            return
        losses = "".join(f"  {name} {value}" for name, value in shown.items())
        self._line(f"{TRAINING} {step}/{steps}{self._pace}{self._left(steps)}{losses}")

    def _tick(self, step: int) -> bool:
        """Whether the first step of this session is just done."""
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
        self._told = monotonic()
        self.say(text)

    def _bar(self, name: str, done: int, total: int, *, note: str) -> None:
        name = f"{self._label}{name}"
        if name != self._stage or self._task is None:
            self._bars.settle()
            self._stage = name
            self._task = self._bars.add_task(name, total=total, note="")
        self._bars.update(self._task, completed=done, total=total, note=note.strip())


class _Display(Progress):
    """A bar over the whole width, and the pace and the newest losses below it."""

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
        """Turn what was shown into lines that stay: bars beyond the screen's height are cut off."""
        for task in self.tasks:
            self.console.print(Text(f"{task.description} {task.completed:g}/{task.total:g}"))
            self.remove_task(task.id)
        self.losses, self.pace = {}, ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar, then pace and losses in as many columns as fit."""
        yield from super().get_renderables()
        told = [self.pace, *(f"{name} {value}" for name, value in self.losses.items())]
        if any(told):
            yield Columns([part for part in told if part], padding=(0, 3))


class _NoteColumn(ProgressColumn):
    """Pace and time left of steps; time left of all else."""

    max_refresh = 0.5  # seconds

    def __init__(self) -> None:
        super().__init__()
        self._left = TimeRemainingColumn()

    def render(self, task: Task) -> Text:
        note = task.fields["note"]
        return Text(note, no_wrap=True) if note else self._left.render(task)
