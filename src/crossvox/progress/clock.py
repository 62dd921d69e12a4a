"""How fast steps are made, and how long the rest takes."""

from collections import deque
from statistics import median
from time import monotonic

MINUTE, HOUR, DAY = 60, 3600, 86400
RECENT = 20  # steps whose median is shown: neither the first nor a validation moves it


class StepClock:
    """Seconds per step and seconds left, from the first step on; earlier sessions do not count.

    Args:
        start: Steps that were done before.
    """

    def __init__(self, start: int) -> None:
        self._first = self._step = start
        self._since = self._now = monotonic()
        self._recent: deque[float] = deque(maxlen=RECENT)

    def tick(self, step: int) -> None:
        """`step` steps are done now."""
        if step <= self._step:
            return
        now = monotonic()
        self._recent.append((now - self._now) / (step - self._step))
        if len(self._recent) == 2:  # noqa: PLR2004 - the first step, which allocates, counts no more
            self._first, self._since = self._step, self._now
        self._step, self._now = step, now

    @property
    def seconds_per_step(self) -> float | None:
        """The median of the last steps, None before the first."""
        return median(self._recent) if self._recent else None

    def left(self, steps: int) -> float | None:
        """Seconds until `steps` are done, None before the first.

        The mean counts validations and saving between the steps too.
        """
        done = self._step - self._first
        return (self._now - self._since) / done * max(0, steps - self._step) if done else None


def duration(seconds: float) -> str:
    """A time as people say it, in at most two units: "45 s", "3 h 20 min"."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"
