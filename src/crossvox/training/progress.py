"""The record of a run: one row per interval in progress.csv."""

import csv
import io
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

from crossvox.contract import Objective
from crossvox.errors import SettingsError
from crossvox.files.atomic import write_atomically

STEP = "step"
SUM, STEPS, SECONDS, CPU_SECONDS = "sum.", "steps", "seconds", "cpu_seconds"  # of a record's state


class Record:
    """Losses summed on the device until a row is due, so that the loop never waits for them."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self._sums: dict[str, Tensor] = {}
        self._steps = 0
        self._clocks = Clocks()

    def begin_step(self) -> None:
        """Count a step and let the clocks run."""
        self._clocks.start()
        self._steps += 1

    def pause(self) -> None:
        """Stop the clocks until the next step, for work that is not part of one."""
        self._clocks.pause()

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
        row = {name: value / self._steps for name, value in self._means().items()}
        _refuse_divergence(row)
        seconds, cpu_seconds = self._clocks.seconds()
        row["seconds_per_step"] = seconds / self._steps
        row["cpu_seconds_per_step"] = cpu_seconds / self._steps
        self._sums, self._steps, self._clocks = {}, 0, Clocks()
        return row

    def state(self) -> dict[str, float]:
        """What a checkpoint keeps of the steps since the last row; the same in all processes."""
        if not self._steps:
            return {}
        seconds, cpu_seconds = self._clocks.seconds()
        counts = {STEPS: self._steps, SECONDS: seconds, CPU_SECONDS: cpu_seconds}
        return {**{f"{SUM}{name}": value for name, value in self._means().items()}, **counts}

    def load(self, state: Mapping[str, float]) -> None:
        """Put back what a checkpoint kept."""
        if STEPS not in state:
            return
        self._steps = int(state[STEPS])
        self._clocks = Clocks(before=state[SECONDS], cpu_before=state[CPU_SECONDS])
        self._sums = {
            name.removeprefix(SUM): torch.tensor(value, device=self._fabric.device)
            for name, value in state.items()
            if name.startswith(SUM)
        }

    def _means(self) -> dict[str, float]:
        """Sums over the steps since the last row, averaged over processes."""
        sums = torch.stack([value.float() for value in self._sums.values()])
        means = cast("Tensor", self._fabric.all_reduce(sums, reduce_op="mean")).tolist()
        return dict(zip(self._sums, means, strict=True))


class Clocks:
    """Seconds on the clock and of all threads while running."""

    def __init__(self, *, before: float = 0.0, cpu_before: float = 0.0) -> None:
        self._before, self._cpu_before = before, cpu_before
        self._since: tuple[float, float] | None = None

    def start(self) -> None:
        """Begin, unless this is running already."""
        if self._since is None:
            self._since = time.perf_counter(), time.process_time()

    def pause(self) -> None:
        """Stand still until the next start."""
        self._before, self._cpu_before = self.seconds()
        self._since = None

    def seconds(self) -> tuple[float, float]:
        """Those on the clock and those of all threads, with those of before."""
        if self._since is None:
            return self._before, self._cpu_before
        since, cpu_since = self._since
        return (
            self._before + time.perf_counter() - since,
            self._cpu_before + time.process_time() - cpu_since,
        )


def _refuse_divergence(row: Mapping[str, float]) -> None:
    lost = [name for name, value in row.items() if not math.isfinite(value)]
    if lost:
        raise SettingsError(
            f"training diverged: the loss of {', '.join(lost)} is no longer a number; lower"
            " method.learning_rate or training.clip, and start again with --fresh"
        )


class ProgressTable:
    """progress.csv as it grows; rows after the step a run resumes from are dropped.

    So are lines that are no rows: a file that was cut off or edited never keeps a run from going
    on.
    """

    def __init__(self, path: Path, *, resumed_at: int) -> None:
        self._path = path
        rows = {step: row for step, row in _rows_of(path) if step <= resumed_at}
        self._rows = [rows[step] for step in sorted(rows)]

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """A row; a second one for the same step joins the first."""
        written = {name: f"{value:.6g}" for name, value in values.items()}
        if self._rows and int(self._rows[-1][STEP]) == step:
            self._rows[-1].update(written)
        else:
            self._rows.append({STEP: str(step), **written})
        self._write()

    def _write(self) -> None:
        names = list(dict.fromkeys(name for row in self._rows for name in row))
        text = io.StringIO()
        table = csv.DictWriter(text, names, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(self._rows)
        write_atomically(self._path, text.getvalue().encode())


def _rows_of(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows that were written there, each by its step."""
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8", errors="replace").replace("\0", "")
    header, *lines = text.split("\n")[:-1] or [""]  # a last line without an end was cut off
    names = header.strip().split(",")
    for line in lines:
        cells = line.strip().split(",")
        row = {n: cell for n, cell in zip(names, cells, strict=False) if n and _is_number(cell)}
        if row.get(STEP, "").isdecimal() and len(cells) <= len(names):
            yield int(row[STEP]), {STEP: row.pop(STEP), **row}


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
