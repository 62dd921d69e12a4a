"""Time and memory of growing cubes."""

import csv
from pathlib import Path

import pytest

from crossvox.errors import SettingsError
from crossvox.measuring import growth
from crossvox.measuring.growth import benchmark_growth, plan_of, whole_cube
from crossvox.variants.variant import Setting


@pytest.mark.slow
def test_cubes_are_measured_one_after_the_other_and_drawn(
    small: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "SIDES", (16, 32, 64))
    page = benchmark_growth(tmp_path, small, largest=32, rounds=1)
    rows = list(csv.DictReader((tmp_path / "growth.csv").read_text().splitlines()))
    assert [(row["side"], row["voxels"], row["way"]) for row in rows] == [
        ("16", "4096", "whole"),
        ("32", "32768", "whole"),
    ]
    assert all(float(row["seconds"]) > 0 and int(row["predicted_bytes"]) > 0 for row in rows)
    assert "| 16³ | 1.0 | 1.0 |" in page
    assert "| 32³ | 8.0 |" in page
    assert page == (tmp_path / "growth.md").read_text()
    assert (tmp_path / "growth.png").stat().st_size > 0
    assert b"<svg" in (tmp_path / "growth.svg").read_bytes()


def test_a_cube_smaller_than_the_smallest_is_refused(small: Setting, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must have at least 64 voxels per side, got 32"):
        benchmark_growth(tmp_path, small, largest=32, rounds=1)
    assert list(tmp_path.iterdir()) == []


def test_a_cube_says_how_it_will_be_done_and_what_it_will_hold(small: Setting) -> None:
    work = whole_cube(small)
    way, predicted = plan_of(work)
    assert way == "whole"
    assert predicted > 32**3 * 4
    work()
