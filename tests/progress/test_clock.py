"""Seconds per step and seconds left."""

import pytest

from crossvox.progress import clock
from crossvox.progress.clock import StepClock, duration


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """A time that stands still until it is set."""
    time = {"seconds": 100.0}
    monkeypatch.setattr(clock, "monotonic", lambda: time["seconds"])
    return time


def test_time_left_is_known_after_the_first_step(now: dict[str, float]) -> None:
    ticking = StepClock(500)
    assert ticking.seconds_per_step is None
    assert ticking.left(600) is None
    now["seconds"] += 4
    ticking.tick(501)
    assert ticking.seconds_per_step == 4
    assert ticking.left(600) == 99 * 4


def test_the_slow_first_step_is_forgotten_after_the_second(now: dict[str, float]) -> None:
    ticking = StepClock(0)
    for step, seconds in enumerate((60, 2, 2), start=1):
        now["seconds"] += seconds
        ticking.tick(step)
    assert ticking.seconds_per_step == 2
    assert ticking.left(10) == 7 * 2


def test_a_validation_counts_for_the_time_left_and_not_for_the_pace(
    now: dict[str, float],
) -> None:
    ticking = StepClock(0)
    for step, seconds in enumerate((1, 1, 31, 1, 1), start=1):
        now["seconds"] += seconds
        ticking.tick(step)
    assert ticking.seconds_per_step == 1
    assert ticking.left(9) == pytest.approx(4 * 34 / 4)


def test_a_step_that_is_told_twice_counts_once(now: dict[str, float]) -> None:
    ticking = StepClock(0)
    now["seconds"] += 2
    ticking.tick(1)
    now["seconds"] += 50
    ticking.tick(1)
    assert ticking.left(2) == 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (12_000, "3 h 20 min"),
        (180_000, "2 d 2 h"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words
