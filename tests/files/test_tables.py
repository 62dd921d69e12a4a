"""Writing tables and JSON files."""

import json
import math
from pathlib import Path

from crossvox.files.tables import csv_text, read_csv, write_csv, write_json


def test_a_table_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ("name", "value"), [("one, two", 1), ("three", 2.5)])
    assert read_csv(tmp_path / "a.csv") == [
        {"name": "one, two", "value": "1"},
        {"name": "three", "value": "2.5"},
    ]


def test_cells_that_a_row_lacks_are_empty_and_further_ones_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("a\tb\n1\n1\t2\t3\n")
    rows = [{"a": "1", "b": ""}, {"a": "1", "b": "2"}]
    assert read_csv(tmp_path / "a.tsv", delimiters="\t") == rows


def test_rows_end_with_a_line_feed_alone() -> None:
    assert csv_text(("a",), [(1,), (2,)]) == "a\n1\n2\n"


def test_json_is_strict(tmp_path: Path) -> None:
    numbers = {"nan": math.nan, "inf": [math.inf, -math.inf], 3: {"inner": (1, 2)}}
    write_json(tmp_path / "a.json", numbers)  # type: ignore[arg-type]  # a number as a key

    def refuse(word: str) -> None:
        raise AssertionError(word)

    assert json.loads((tmp_path / "a.json").read_text(), parse_constant=refuse) == {
        "nan": None,
        "inf": ["inf (identical)", "-inf"],
        "3": {"inner": [1, 2]},
    }
