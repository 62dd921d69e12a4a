"""Format the table of a comparison in panels of cells for readers."""

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

MACHINE_COSTS = ("seconds", "peak_memory_bytes")  # ranked only if measured on one machine
GIB, MILLION = 2**30, 1e6
MIN_VALUES = 2  # a single value is neither best nor worst
EXTRA_DIGITS = 1  # for unitless measures, whose differences between methods are small


@dataclass(frozen=True, kw_only=True)
class Column:
    """Heading of a column of the table.

    Attributes:
        name: Column name in table.csv.
        title: Title on the page.
        unit: Unit in words; may be empty.
        better: Direction of better values.
    """

    name: str
    title: str
    unit: str
    better: Better

    @property
    def arrow(self) -> str:
        """Arrow in the direction of better values; empty if neither is better."""
        return {"higher": "↑", "lower": "↓"}.get(self.better, "")


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """Row of one method, with a cell for each column of its panel."""

    method: str
    baseline: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Related columns, without the rows of baselines that have no value in any of them."""

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
    "Similarity": (
        "ssim",
        "fid",
        "mae",
        "rmse",
        "psnr",
        "ssim_full",
    ),
    "After the best linear fit of intensities": ("ssim_linear", "mae_linear", "psnr_linear"),
    "Consistency between slices, and distances between distributions": (
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
    """Build the whole table; the best value of each column, baselines included, is marked."""
    numbers = numbers_of(comparison)
    unit = unit_of(comparison.results)
    return tuple(
        _panel(title, [_column(name, unit) for name in names], numbers, comparison)
        for title, names in PANELS.items()
    )


def cost_notes(comparison: Comparison) -> list[str]:
    """Sentences on the machines of the costs and on the time of 1000 diffusion steps."""
    notes = _on_machines(comparison)
    for method, row in numbers_of(comparison).items():
        seconds = row["seconds_of_1000_steps"]
        if not math.isnan(seconds) and row["passes"] != PUBLISHED_STEPS:
            notes.append(
                f"With {PUBLISHED_STEPS} steps, {method} would take {significant(seconds)} s"
                " (extrapolated from the time of one step)."
            )
    return notes


def _on_machines(comparison: Comparison) -> list[str]:
    costs = {contestant.name: contestant.costs for contestant in comparison.contestants}
    machines = {name: cost.machine for name, cost in costs.items() if cost.seconds}
    distinct = dict.fromkeys(machines.values())
    notes = []
    for machine in distinct:
        names = ", ".join(name for name, own in machines.items() if own == machine)
        of_methods = f" of {names}" if len(distinct) > 1 else ""
        where = machine or "a machine that was not recorded"
        notes.append(f"Time and memory{of_methods} were measured on {where}.")
    return notes + [cost.remark for cost in costs.values() if cost.remark]


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
    machines = {
        contestant.costs.machine
        for contestant in comparison.contestants
        if contestant.costs.seconds
    }
    rankable = [column.name not in MACHINE_COSTS or len(machines) == 1 for column in columns]
    cell_columns = [
        _cells(column if ranked else replace(column, better="neither"), list(numbers.values()))
        for column, ranked in zip(columns, rankable, strict=True)
    ]
    return Panel(
        title=title,
        columns=tuple(columns),
        rows=tuple(
            TableRow(
                method=f"{method}{_people_suffix(numbers[method], comparison)}",
                baseline=method not in comparison.names,
                cells=tuple(cells[row] for cells in cell_columns),
            )
            for row, method in enumerate(numbers)
            if method in comparison.names
            or any(cells[row].value != UNKNOWN for cells in cell_columns)
        ),
    )


def _people_suffix(row: Numbers, comparison: Comparison) -> str:
    """Number of people in parentheses if it differs from that of the table."""
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
    finite = [value for value in values if not math.isnan(value)]
    if len(finite) < MIN_VALUES or column.better == "neither":
        return math.nan
    return max(finite) if column.better == "higher" else min(finite)


def _measured(measure: Measure, rows: Sequence[Numbers]) -> list[tuple[str, str]]:
    name = measure.name
    intervals = [
        Interval(
            mean=row[name], low=row[f"{name}_low"], high=row[f"{name}_high"], n=int(row["people"])
        )
        for row in rows
    ]
    digits = decimals(ends_of(intervals), measure) + (0 if measure.unit else EXTRA_DIGITS)
    return [(number(interval.mean, digits), span(interval, digits)) for interval in intervals]


def _plain(name: str, row: Numbers) -> tuple[str, str]:
    value = row[name]
    if math.isnan(value):
        return UNKNOWN, ""
    if name in DIGITS:
        return fixed(value, DIGITS[name]), _beside(name, row)
    return significant(value / SCALES.get(name, 1)), _beside(name, row)


def _beside(name: str, row: Numbers) -> str:
    """Text below a number."""
    if name == "kid":
        return f"± {fixed(row['kid_standard_error'], DIGITS['kid'])}"
    if name == "training_hours" and not math.isnan(row["training_steps"]):
        return f"{row['training_steps']:.0f} steps{_epochs(row['training_epochs'])}"
    if name == "seconds" and not math.isnan(row["passes"]):
        return counted(int(row["passes"]), "pass", "passes")
    return ""


def _epochs(epochs: float) -> str:
    return "" if math.isnan(epochs) else f", {significant(epochs)} epochs"
