"""Read the experiment and progress of a training run from its folder."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossvox.errors import CohortError
from crossvox.files.tables import read_csv

STEP = "step"


@dataclass(frozen=True, kw_only=True)
class RunDescription:
    """A training run.

    Attributes:
        name: Name of the run's folder.
        experiment: Text of `experiment.toml`; empty without that file.
        columns: Values of each numeric column of `progress.csv`; NaN for an empty cell.
    """

    name: str
    experiment: str
    columns: Mapping[str, tuple[float, ...]]


def read_run(folder: Path) -> RunDescription:
    """Read the description of a training run from its folder.

    Raises:
        CohortError: The folder has neither `progress.csv` nor `experiment.toml`.
        FileError: `progress.csv` is not a UTF-8 CSV file.
    """
    experiment, progress = folder / "experiment.toml", folder / "progress.csv"
    if not experiment.is_file() and not progress.is_file():
        raise CohortError(
            f"{folder}: no progress.csv or experiment.toml; give the folder of a training run"
        )
    return RunDescription(
        name=folder.resolve().name,
        experiment=experiment.read_text(encoding="utf-8") if experiment.is_file() else "",
        columns=_columns(progress) if progress.is_file() else {},
    )


def _columns(progress: Path) -> dict[str, tuple[float, ...]]:
    rows = read_csv(progress)
    names = [name for name in (rows[0] if rows else {}) if name]
    columns = {name: tuple(_number(row.get(name)) for row in rows) for name in names}
    return {name: values for name, values in columns.items() if not all(map(math.isnan, values))}


def _number(cell: str | None) -> float:
    try:
        return float(cell or "nan")
    except ValueError:
        return math.nan
