"""The record of a run: one row per interval in progress.csv."""

import csv
import io
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

from crossvox.contract import Objective
from crossvox.errors import SettingsError
from crossvox.files.atomic import write_atomically


class Record:
    """Losses summed on the device until a row is due, so that the loop never waits for them."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self._sums: dict[str, Tensor] = {}
        self._steps = 0
        self._since = self._cpu_since = 0.0

    def begin_step(self) -> None:
        """Count a step; the first after a row starts the clocks, so validation is not timed."""
        if not self._steps:
            self._since, self._cpu_since = time.perf_counter(), time.process_time()
        self._steps += 1

    def note(self, objective: Objective, *, parts: int) -> None:
        """Add the loss and its terms of one of `parts` parts of a step."""
        network = objective.network
        named = {network: objective.loss.detach()}
        named |= {f"{network}.{name}": value for name, value in objective.terms.items()}
        for name, value in named.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value / parts

    def take(self) -> dict[str, float]:
        """Means over the steps and processes since the last row, and seconds per step.

        `cpu_seconds_per_step` counts what all threads of this process worked: unlike the seconds
        on the clock, it says what a step costs where the machine has other work too.

        Raises:
            SettingsError: A loss is not finite.
        """
        sums = torch.stack([value.float() for value in self._sums.values()]) / self._steps
        means = cast("Tensor", self._fabric.all_reduce(sums, reduce_op="mean")).tolist()
        now, cpu_now = time.perf_counter(), time.process_time()
        row = dict(zip(self._sums, means, strict=True))
        _refuse_divergence(row)
        row["seconds_per_step"] = (now - self._since) / self._steps
        row["cpu_seconds_per_step"] = (cpu_now - self._cpu_since) / self._steps
        self._sums, self._steps = {}, 0
        return row


def _refuse_divergence(row: Mapping[str, float]) -> None:
    lost = [name for name, value in row.items() if not math.isfinite(value)]
    if lost:
        raise SettingsError(
            f"training diverged: the loss of {', '.join(lost)} is no longer a number; lower"
            " method.learning_rate or training.clip, and start again with --fresh"
        )


class ProgressTable:
    """progress.csv as it grows; rows after the step a run resumes from are dropped."""

    def __init__(self, path: Path, *, resumed_at: int) -> None:
        self._path = path
        self._rows: list[dict[str, str]] = []
        if path.is_file():
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
            self._rows = [row for row in rows if int(row["step"]) <= resumed_at]

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """A row; a second one for the same step joins the first."""
        written = {name: f"{value:.6g}" for name, value in values.items()}
        if self._rows and int(self._rows[-1]["step"]) == step:
            self._rows[-1].update(written)
        else:
            self._rows.append({"step": str(step), **written})
        self._write()

    def _write(self) -> None:
        names = list(dict.fromkeys(name for row in self._rows for name in row))
        text = io.StringIO()
        table = csv.DictWriter(text, names, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(self._rows)
        write_atomically(self._path, text.getvalue().encode())
