"""Pace of training steps and the time left."""

from collections import deque
from statistics import median
from time import monotonic

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
RECENT_STEPS = 20  # in the median, which the first step or a validation hardly changes


class StepClock:
    """Seconds per step and seconds left, measured in this session only.

    Args:
        start: Number of steps done in earlier sessions.
    """

    def __init__(self, start: int) -> None:
        self._first = self._step = start
        self._since = self._now = monotonic()
        self._recent: deque[float] = deque(maxlen=RECENT_STEPS)

    def tick(self, step: int) -> None:
        """Record that `step` steps are done now."""
        if step <= self._step:
            return
        now = monotonic()
        self._recent.append((now - self._now) / (step - self._step))
        if len(self._recent) == 2:  # noqa: PLR2004 - drops the first step, which is slow
            self._first, self._since = self._step, self._now
        self._step, self._now = step, now

    @property
    def seconds_per_step(self) -> float | None:
        """Median over recent steps; None before the first step."""
        return median(self._recent) if self._recent else None

    def left(self, steps: int) -> float | None:
        """Seconds until `steps` are done; None before the first step.

        Uses the mean, which includes validations and saving between steps.
        """
        done = self._step - self._first
        return (self._now - self._since) / done * max(0, steps - self._step) if done else None


def duration(seconds: float) -> str:
    """Format seconds in at most two units: "45 s", "3 h 20 min"."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"
