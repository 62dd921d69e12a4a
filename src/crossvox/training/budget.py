"""A budget of minutes as a number of steps."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from crossvox.errors import SettingsError
from crossvox.progress import QUIET, Progress
from crossvox.training.engine import Run
from crossvox.training.experiment import TrainingSettings

WARM_UP, ROUND = 3, 7  # the first steps allocate and start threads; an odd number has a median
FEWEST_ROUNDS, MOST_ROUNDS = 2, 6
MOST_TIMED = WARM_UP + MOST_ROUNDS * ROUND  # steps
AGREEING = 1.2  # a round over the fastest
SECONDS_PER_MINUTE = 60


def steps_within(run: Run, *, minutes: float, progress: Progress = QUIET) -> int:
    """How many steps of `run` fit into `minutes`, at least 1: the same in all processes.

    Some are really made, of real patches in the run's precision, in rounds whose medians count.
    Other work on the machine only makes them slower, so the fastest round is taken, and rounds
    are made until another agrees with it.

    Args:
        run: A throw-away one: its networks learn, nothing is written.
        minutes: Of steps alone.
        progress: Told what is done.
    """
    # Rates that fall towards the end are not for steps without an end.
    run = replace(run, settings=replace(run.settings, decay_share=0.0))
    timed = run.timed_steps(MOST_TIMED)
    for _ in range(WARM_UP):
        next(timed)
    rounds: list[float] = []
    while not rounds_agree(rounds):
        seconds = []
        for _ in range(ROUND):
            seconds.append(next(timed))
            done = len(rounds) * ROUND + len(seconds)
            progress.stage("timing steps", done, max(FEWEST_ROUNDS, len(rounds) + 1) * ROUND)
        rounds.append(run.fabric.broadcast(median(seconds)))
    return max(1, int(minutes * SECONDS_PER_MINUTE / min(rounds)))


def rounds_agree(rounds: Sequence[float]) -> bool:
    """Whether a second round was as fast as the fastest, or there were enough of them."""
    if len(rounds) < FEWEST_ROUNDS:
        return False
    fastest, second, *_ = sorted(rounds)
    return second <= AGREEING * fastest or len(rounds) == MOST_ROUNDS


def refuse_two_budgets(asked: TrainingSettings, existing: TrainingSettings | None) -> None:
    """Minutes stand alone; steps beside them are only those that an earlier timing found.

    Raises:
        SettingsError: Both are asked for, or other steps of a run that was given minutes.
    """
    if asked.minutes and asked.epochs:
        raise SettingsError("training.minutes and training.epochs are two budgets; set one of them")
    timed = existing if existing and existing.minutes else None
    if timed and asked.steps in (None, timed.steps) and not asked.epochs:
        return
    if timed:
        other = f"{asked.steps} steps" if asked.steps else f"{asked.epochs} epochs"
        raise SettingsError(
            f"there, training.minutes {timed.minutes:g} were timed as {timed.steps} steps, and"
            f" {other} are asked; choose another folder, or --fresh to start again here"
        )
    if asked.minutes and asked.steps:
        raise SettingsError("training.minutes and training.steps are two budgets; set one of them")
