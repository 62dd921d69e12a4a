"""The table of a comparison as it is read: cells in words, in three panels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from crossvox.comparison.contest import Comparison
from crossvox.comparison.numbers import PUBLISHED_STEPS, Numbers, numbers_of
from crossvox.report.formatting import (
    UNKNOWN,
    counted,
    decimals,
    ends_of,
    fixed,
    measure_unit,
    number,
    significant,
    span,
    unit_of,
)
from crossvox.report.rows import Cell
from crossvox.scoring.measure import Better, Measure
from crossvox.scoring.measures import MEASURE
from crossvox.scoring.statistics import Interval

MEASURED_HERE = ("seconds", "peak_memory_bytes")  # best where one machine made all of them
GIB, MILLION = 2**30, 1e6
FEWEST = 2  # one alone is neither best nor worst
FINER = 1  # a comparison of methods shows one digit more of what has no unit


@dataclass(frozen=True, kw_only=True)
class Column:
    """What a column says.

    Attributes:
        name: As in table.csv.
        title: As in the page.
        unit: In words; may be empty.
        better: Which way is good.
    """

    name: str
    title: str
    unit: str
    better: Better

    @property
    def arrow(self) -> str:
        """Towards what is better."""
        return {"higher": "↑", "lower": "↓"}.get(self.better, "")


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A method: its cells stand under the columns of its panel."""

    method: str
    baseline: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Columns that are read together; a baseline that has none of them is left out."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]


DISTANCES = {
    "fid": Column(name="fid", title="FID", unit="", better="lower"),
    "kid": Column(name="kid", title="KID", unit="± standard error", better="lower"),
    "frechet_random3d": Column(
        name="frechet_random3d", title="frechet_random3d", unit="", better="lower"
    ),
}
COSTS = {
    "seconds": Column(name="seconds", title="Time per volume", unit="s", better="lower"),
    "times_faster": Column(
        name="times_faster", title="Faster than the slowest", unit="times", better="higher"
    ),
    "peak_memory_bytes": Column(
        name="peak_memory_bytes", title="Peak memory", unit="GiB", better="lower"
    ),
    "parameters": Column(name="parameters", title="Parameters", unit="millions", better="lower"),
    "training_hours": Column(
        name="training_hours", title="Training", unit="hours", better="neither"
    ),
}
PANELS = {
    "Likeness": (
        "ssim",
        "fid",
        "mae",
        "rmse",
        "psnr",
        "ssim_full",
    ),
    "After the best linear fit of intensities": ("ssim_linear", "mae_linear", "psnr_linear"),
    "From slice to slice, and distances of distributions": (
        "slice_consistency",
        "slice_mean_std",
        "kid",
        "frechet_random3d",
    ),
    "Costs": tuple(COSTS),
}
DIGITS = {"fid": 2, "kid": 4, "frechet_random3d": 4}
SCALES = {"peak_memory_bytes": GIB, "parameters": MILLION}


def panels_of(comparison: Comparison) -> tuple[Panel, ...]:
    """The whole table; the best of each column is marked, baselines included."""
    numbers = numbers_of(comparison)
    unit = unit_of(comparison.results)
    return tuple(
        _panel(title, [_column(name, unit) for name in names], numbers, comparison)
        for title, names in PANELS.items()
    )


def cost_notes(comparison: Comparison) -> list[str]:
    """Where costs were measured, and what a method of many passes takes with all its steps."""
    notes = _on_machines(comparison)
    for method, row in numbers_of(comparison).items():
        whole = row["seconds_of_1000_steps"]
        if not math.isnan(whole) and row["passes"] != PUBLISHED_STEPS:
            notes.append(
                f"{method}, {PUBLISHED_STEPS} steps: {significant(whole)} s"
                " (product of the time of one step)."
            )
    return notes


def _on_machines(comparison: Comparison) -> list[str]:
    timed = [one for one in comparison.contestants if one.costs.seconds]
    machines = dict.fromkeys(one.costs.machine for one in timed)
    notes = []
    for machine in machines:
        whose = [one.name for one in timed if one.costs.machine == machine]
        of = f" of {', '.join(whose)}" if len(machines) > 1 else ""
        where = machine or "a machine that their files do not name"
        notes.append(f"Seconds and memory{of} were measured on {where}.")
    return notes + [one.costs.remark for one in comparison.contestants if one.costs.remark]


def _column(name: str, unit: str) -> Column:
    measure = MEASURE.get(name)
    if measure is None:
        return {**DISTANCES, **COSTS}[name]
    return Column(
        name=name,
        title=measure.title,
        unit=measure_unit(measure, unit),
        better=measure.better,
    )


def _panel(
    title: str, columns: Sequence[Column], numbers: dict[str, Numbers], comparison: Comparison
) -> Panel:
    machines = {one.costs.machine for one in comparison.contestants if one.costs.seconds}
    ranked = [column.name not in MEASURED_HERE or len(machines) == 1 for column in columns]
    set_columns = [
        _cells(column if alike else replace(column, better="neither"), list(numbers.values()))
        for column, alike in zip(columns, ranked, strict=True)
    ]
    return Panel(
        title=title,
        columns=tuple(columns),
        rows=tuple(
            TableRow(
                method=f"{method}{_of_how_many(numbers[method], comparison)}",
                baseline=method not in comparison.names,
                cells=tuple(cells[row] for cells in set_columns),
            )
            for row, method in enumerate(numbers)
            if method in comparison.names or any(cell[row].value != UNKNOWN for cell in set_columns)
        ),
    )


def _of_how_many(row: Numbers, comparison: Comparison) -> str:
    """The number of people where it is not that of the table."""
    people = int(row["people"])
    return "" if people == comparison.summary.subjects else f" (n = {people})"


def _cells(column: Column, rows: Sequence[Numbers]) -> list[Cell]:
    people = max(row["people"] for row in rows)
    best = _best(column, [row[column.name] for row in rows if row["people"] == people])
    measure = MEASURE.get(column.name)
    texts = _measured(measure, rows) if measure else [_plain(column.name, row) for row in rows]
    return [
        Cell(value=value, span=beside, best=row[column.name] == best)
        for (value, beside), row in zip(texts, rows, strict=True)
    ]


def _best(column: Column, values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    if len(known) < FEWEST or column.better == "neither":
        return math.nan
    return max(known) if column.better == "higher" else min(known)


def _measured(measure: Measure, rows: Sequence[Numbers]) -> list[tuple[str, str]]:
    name = measure.name
    intervals = [
        Interval(
            mean=row[name], low=row[f"{name}_low"], high=row[f"{name}_high"], n=int(row["people"])
        )
        for row in rows
    ]
    digits = decimals(ends_of(intervals), measure) + (0 if measure.unit else FINER)
    return [(number(found.mean, digits), span(found, digits)) for found in intervals]


def _plain(name: str, row: Numbers) -> tuple[str, str]:
    value = row[name]
    if math.isnan(value):
        return UNKNOWN, ""
    if name in DIGITS:
        return fixed(value, DIGITS[name]), _beside(name, row)
    return significant(value / SCALES.get(name, 1)), _beside(name, row)


def _beside(name: str, row: Numbers) -> str:
    """What stands below a number."""
    if name == "kid":
        return f"± {fixed(row['kid_standard_error'], DIGITS['kid'])}"
    if name == "training_hours" and not math.isnan(row["training_steps"]):
        return f"{row['training_steps']:.0f} steps{_epochs(row['training_epochs'])}"
    if name == "seconds" and not math.isnan(row["passes"]):
        return counted(int(row["passes"]), "pass", "passes")
    return ""


def _epochs(epochs: float) -> str:
    return "" if math.isnan(epochs) else f", {significant(epochs)} epochs"
