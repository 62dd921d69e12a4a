"""Whether runs that were given equal minutes were trained equally much."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from crossvox.scoring import read_run
from crossvox.training.experiment import read_experiment
from crossvox.training.run_folder import EXPERIMENT

MOST_UNEQUAL = 1.3  # methods keep the threads busy to different degrees
UNDISTURBED = 0.25  # of the rows, at least
MINUTE = 60
CLOCKS = {"cpu": "cpu_seconds_per_step", "cuda": "seconds_per_step"}


def unequal_budgets(runs: Mapping[str, Path], *, device: str) -> str | None:
    """Why runs must not be ranked, in a line, or None where their budgets were equal.

    Minutes become steps by timing, and a machine that was busy then gives too few. What was
    trained is the steps times what a step really took: on the CPU the seconds that all threads
    worked, which other programs change less, else those on the clock (decision 0029). A step
    more or less is rounding.

    Args:
        runs: Folders of finished runs by their names; those without minutes are left out.
        device: Where they were trained, "cpu" or "cuda".
    """
    spent = {name: one for name, run in runs.items() if (one := _spent(run, CLOCKS[device]))}
    if not spent:
        return None
    most = max(spent, key=lambda name: spent[name][0])
    least = min(spent, key=lambda name: spent[name][1])
    if spent[most][0] <= MOST_UNEQUAL * spent[least][1]:
        return None
    listed = ", ".join(f"{name} {share:.2f}" for name, (share, _) in spent.items())
    return (
        f"the budgets came out unequal, in minutes of work for each minute that was set: {listed};"
        f" the machine had other work, so the runs are not ranked: remove the folder of {least}"
        " and start the suite again on an idle machine, or set training.steps (crossvox compare"
        " tables them all the same)"
    )


def _spent(run: Path, clock: str) -> tuple[float, float] | None:
    """Minutes of work for each minute that was set, as made and with one step more."""
    minutes = read_experiment(run / EXPERIMENT).training.minutes
    columns = read_run(run).columns
    if not minutes or clock not in columns:
        return None
    steps = max(columns["step"])
    share = float(np.nanquantile(columns[clock], UNDISTURBED)) / MINUTE / minutes
    return steps * share, (steps + 1) * share
