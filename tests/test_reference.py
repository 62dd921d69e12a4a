"""The reference pages match the code."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from crossvox.scoring.measures import MEASURES

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts/reference.py"))


def test_the_pages_are_as_the_script_writes_them(script: dict[str, Any]) -> None:
    stale = [
        path.name
        for path, text in script["pages"]().items()
        if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run python scripts/reference.py"


def test_every_setting_has_a_meaning(script: dict[str, Any]) -> None:
    rows = [line for line in script["settings_page"]().splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_measure_is_defined(script: dict[str, Any]) -> None:
    table = script["measures_table"]()
    for measure in MEASURES:
        assert f"| `{measure.name}` |" in table
