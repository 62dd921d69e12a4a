"""Check that runs with equal minutes of training did an equal amount of work."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from crossvox.scoring import read_run
from crossvox.training.experiment import read_experiment
from crossvox.training.run_folder import EXPERIMENT

MAX_WORK_RATIO = 1.3  # methods keep the threads busy to different degrees
UNDISTURBED_SHARE = 0.25  # of the rows in progress.csv, at least
SECONDS_PER_MINUTE = 60
TIME_COLUMNS = {"cpu": "cpu_seconds_per_step", "cuda": "seconds_per_step"}


def unequal_budgets(runs: Mapping[str, Path], *, device: str) -> str | None:
    """Explain why runs must not be ranked; None if their budgets were equal.

    Minutes are converted to steps by timing, and a machine that is busy at that time gives too
    few steps. The work done is the number of steps times the duration of a step: on the CPU the
    seconds of work of all threads, which other programs change less, else wall-clock seconds
    (decision 0029). A difference of one step counts as rounding.

    Args:
        runs: Folders of finished runs by name; runs without a budget in minutes are left out.
        device: Device of the training, "cpu" or "cuda".
    """
    work = {
        name: share
        for name, run in runs.items()
        if (share := _work_per_minute(run, TIME_COLUMNS[device]))
    }
    if not work:
        return None
    most = max(work, key=lambda name: work[name][0])
    least = min(work, key=lambda name: work[name][1])
    if work[most][0] <= MAX_WORK_RATIO * work[least][1]:
        return None
    listed = ", ".join(f"{name} {share:.2f}" for name, (share, _) in work.items())
    return (
        "the training budgets were unequal; minutes of work for each minute of the budget:"
        f" {listed}. The machine was busy with other work, so the runs are not ranked. Remove the"
        f" folder of {least} and start the suite again on an idle machine, or set training.steps."
        " crossvox compare still makes a table of these runs"
    )


def _work_per_minute(run: Path, column: str) -> tuple[float, float] | None:
    """Minutes of work per minute of budget, for the steps done and for one step more."""
    minutes = read_experiment(run / EXPERIMENT).training.minutes
    columns = read_run(run).columns
    if not minutes or column not in columns:
        return None
    steps = max(columns["step"])
    share = float(np.nanquantile(columns[column], UNDISTURBED_SHARE)) / SECONDS_PER_MINUTE / minutes
    return steps * share, (steps + 1) * share
