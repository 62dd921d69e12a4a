"""Record losses and times of a run, a row per interval in progress.csv."""

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
SUM, STEPS, SECONDS, CPU_SECONDS = (
    "sum.",
    "steps",
    "seconds",
    "cpu_seconds",
)  # keys of a record's state


class Record:
    """Losses summed on the device until a row is due, so that the training loop never waits."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self._sums: dict[str, Tensor] = {}
        self._steps = 0
        self._clocks = Clocks()

    def begin_step(self) -> None:
        """Count a step and start the clocks."""
        self._clocks.start()
        self._steps += 1

    def pause(self) -> None:
        """Stop the clocks until the next step, for work that is not part of a step."""
        self._clocks.pause()

    def note(self, objective: Objective, *, parts: int) -> None:
        """Add the loss and its terms for one of the `parts` parts of a step."""
        network = objective.network
        losses = {network: objective.loss.detach()}
        losses |= {f"{network}.{name}": value for name, value in objective.terms.items()}
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value / parts

    def take(self) -> dict[str, float]:
        """Means over steps and processes since the last row, and seconds per step.

        `cpu_seconds_per_step` sums the CPU time of all threads of this process: unlike wall-clock
        time, it measures the cost of a step even if the machine does other work too.

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
        """State for a checkpoint: steps since the last row; the same in all processes."""
        if not self._steps:
            return {}
        seconds, cpu_seconds = self._clocks.seconds()
        counts = {STEPS: self._steps, SECONDS: seconds, CPU_SECONDS: cpu_seconds}
        return {**{f"{SUM}{name}": value for name, value in self._means().items()}, **counts}

    def load(self, state: Mapping[str, float]) -> None:
        """Restore the state from a checkpoint."""
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
    """Clocks of wall-clock and CPU seconds, with pauses."""

    def __init__(self, *, before: float = 0.0, cpu_before: float = 0.0) -> None:
        self._before, self._cpu_before = before, cpu_before
        self._since: tuple[float, float] | None = None

    def start(self) -> None:
        """Start, unless already running."""
        if self._since is None:
            self._since = time.perf_counter(), time.process_time()

    def pause(self) -> None:
        """Pause until the next start."""
        self._before, self._cpu_before = self.seconds()
        self._since = None

    def seconds(self) -> tuple[float, float]:
        """Wall-clock seconds and CPU seconds of all threads, including those before a pause."""
        if self._since is None:
            return self._before, self._cpu_before
        since, cpu_since = self._since
        return (
            self._before + time.perf_counter() - since,
            self._cpu_before + time.process_time() - cpu_since,
        )


def _refuse_divergence(row: Mapping[str, float]) -> None:
    diverged = [name for name, value in row.items() if not math.isfinite(value)]
    if diverged:
        raise SettingsError(
            f"training diverged: the loss of {', '.join(diverged)} is not finite; lower"
            " method.learning_rate or training.clip, then start again with --fresh"
        )


class ProgressTable:
    """Writer of progress.csv, without rows after the step that a run resumes from.

    Invalid lines are dropped too, so a truncated or edited file never keeps a run from resuming.
    """

    def __init__(self, path: Path, *, resumed_at: int) -> None:
        self._path = path
        rows = {step: row for step, row in _rows_of(path) if step <= resumed_at}
        self._rows = [rows[step] for step in sorted(rows)]

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Add a row, or columns to the row of the same step, and write the file."""
        cells = {name: f"{value:.6g}" for name, value in values.items()}
        if self._rows and int(self._rows[-1][STEP]) == step:
            self._rows[-1].update(cells)
        else:
            self._rows.append({STEP: str(step), **cells})
        self._write()

    def _write(self) -> None:
        names = list(dict.fromkeys(name for row in self._rows for name in row))
        text = io.StringIO()
        table = csv.DictWriter(text, names, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(self._rows)
        write_atomically(self._path, text.getvalue().encode())


def _rows_of(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Valid rows of a progress.csv, with their steps."""
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8", errors="replace").replace("\0", "")
    header, *lines = text.split("\n")[:-1] or [""]  # a last line without newline is truncated
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
