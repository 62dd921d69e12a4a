"""Reading and atomic writing of CSV and JSON files."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crossvox.errors import FileError
from crossvox.files.atomic import write_atomically


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV.

    Raises:
        FileError: The folder cannot be written.
    """
    write_atomically(path, csv_text(header, rows).encode())


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format a table as CSV, with a line feed after each row."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)
    return text.getvalue()


def read_csv(path: Path, *, delimiters: str = ",") -> list[dict[str, str]]:
    """Read the rows of a CSV file, each as a mapping from column to cell.

    Cells missing from a short row are empty, and cells of a long row beyond the header are dropped.

    Args:
        path: File in UTF-8, with or without a byte order mark.
        delimiters: Characters of which the most frequent in the header separates the cells.

    Raises:
        OSError: The file cannot be read.
        FileError: The file is not CSV in UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            delimiter = max(delimiters, key=lines.readline().count)
            lines.seek(0)
            rows = csv.DictReader(lines, delimiter=delimiter, restval="")
            return [{name: cell for name, cell in row.items() if name is not None} for row in rows]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(
            f"{path} is not a UTF-8 CSV file ({error}); export it again as UTF-8"
        ) from error


def write_json(path: Path, contents: Mapping[str, object]) -> None:
    """Write standard JSON: NaN becomes null, and infinity a string.

    Raises:
        FileError: The folder cannot be written.
    """
    text = json.dumps(_strict(dict(contents)), indent=2, allow_nan=False)
    write_atomically(path, text.encode())


def _strict(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and math.isinf(value):
        return "inf (identical)" if value > 0 else "-inf"
    return value
