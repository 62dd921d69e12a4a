"""Convert a time budget in minutes into a number of steps."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from crossvox.errors import SettingsError
from crossvox.progress import QUIET, Progress
from crossvox.training.engine import Run
from crossvox.training.experiment import TrainingSettings

WARM_UP_STEPS = 3  # the first steps allocate memory and start threads
ROUND_STEPS = 7  # odd, so that the median is a step's own time
FEWEST_ROUNDS, MOST_ROUNDS = 2, 6
MOST_TIMED_STEPS = WARM_UP_STEPS + MOST_ROUNDS * ROUND_STEPS
ROUND_AGREEMENT = 1.2  # largest ratio of the second fastest round's time to the fastest's
SECONDS_PER_MINUTE = 60


def steps_within(run: Run, *, minutes: float, progress: Progress = QUIET) -> int:
    """Number of steps of `run` that fit into `minutes`, at least 1: the same in all processes.

    Steps on real patches in the run's precision are timed in rounds, each summarized by its
    median. Other work on the machine only slows steps down, so the fastest round counts, and
    rounds are timed until a second agrees with it.

    Args:
        run: Throwaway run: its networks are trained, but nothing is written.
        minutes: Time budget in minutes for the steps alone.
        progress: Receiver of progress.
    """
    # The number of steps is still unknown, so learning rates must not decay.
    run = replace(run, settings=replace(run.settings, decay_share=0.0))
    durations = run.timed_steps(MOST_TIMED_STEPS)
    for _ in range(WARM_UP_STEPS):
        next(durations)
    rounds: list[float] = []
    while not rounds_agree(rounds):
        seconds = []
        for _ in range(ROUND_STEPS):
            seconds.append(next(durations))
            done = len(rounds) * ROUND_STEPS + len(seconds)
            total = max(FEWEST_ROUNDS, len(rounds) + 1) * ROUND_STEPS
            progress.stage("timing steps", done, total)
        rounds.append(run.fabric.broadcast(median(seconds)))
    return max(1, int(minutes * SECONDS_PER_MINUTE / min(rounds)))


def rounds_agree(rounds: Sequence[float]) -> bool:
    """Whether the two fastest of `rounds` (seconds) agree, or no further round is allowed."""
    if len(rounds) < FEWEST_ROUNDS:
        return False
    fastest, second, *_ = sorted(rounds)
    return second <= ROUND_AGREEMENT * fastest or len(rounds) == MOST_ROUNDS


def refuse_two_budgets(requested: TrainingSettings, existing: TrainingSettings | None) -> None:
    """Refuse minutes together with steps or epochs, except steps that an earlier timing set.

    Raises:
        SettingsError: Two budgets are set, or a run with a budget in minutes is given other steps.
    """
    if requested.minutes and requested.epochs:
        raise SettingsError("training.minutes and training.epochs are two budgets; set only one")
    timed = existing if existing and existing.minutes else None
    if timed and requested.steps in (None, timed.steps) and not requested.epochs:
        return
    if timed:
        budget = f"{requested.steps} steps" if requested.steps else f"{requested.epochs} epochs"
        raise SettingsError(
            f"the run there has training.minutes {timed.minutes:g}, timed as {timed.steps} steps,"
            f" but {budget} are set now; choose another folder, or --fresh to start again here"
        )
    if requested.minutes and requested.steps:
        raise SettingsError("training.minutes and training.steps are two budgets; set only one")
