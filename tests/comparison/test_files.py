import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.comparison import Comparison, ComparisonSettings
from crossvox.comparison.files import write_files
from crossvox.scoring.results import Perfect


@pytest.fixture
def folder(compared: Comparison) -> Path:
    return compared.page.parent


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def as_number(value: float | str | None) -> float:
    """A number as comparison.json has it: null is unknown, a word infinity."""
    if isinstance(value, str):
        return math.inf
    return math.nan if value is None else value


def test_the_table_reads_back_as_the_numbers_of_the_json(folder: Path) -> None:
    found = json.loads((folder / "comparison.json").read_text())["table"]
    rows = rows_of(folder / "table.csv")
    assert [row["method"] for row in rows] == list(found)
    for row in rows:
        numbers = found[row["method"]]
        assert list(row)[2:] == list(numbers)
        for name, value in numbers.items():
            cell = math.nan if row[name] == "n/a" else float(row[name])
            assert cell == as_number(value) or (math.isnan(cell) and value is None)


def test_the_json_is_strict_and_says_how_it_was_measured(folder: Path) -> None:
    def refuse(word: str) -> None:
        pytest.fail(f"{word} is not JSON")

    text = (folder / "comparison.json").read_text()
    found = json.loads(text, parse_constant=refuse)
    assert found["against"] == "steady"
    assert found["subjects"] == 3
    assert found["recipe"]["data_range"].startswith("0.1 to 99.9 percentile")
    assert found["inception"] is None
    assert found["contestants"][1]["costs"]["passes"] == 31
    assert found["table"]["perfect"]["psnr"] == "inf (identical)"


def test_cautions_and_perfect_networks_stand_beside_the_table(
    compared: Comparison, tmp_path: Path
) -> None:
    first, *others = compared.contestants
    perfect = Perfect(means={"mae": 29.0, "psnr": 22.1, "ssim": 0.92}, people=3)
    doubtful = replace(
        compared,
        contestants=(replace(first, cautions=("steady was trained on them.",)), *others),
        summary=replace(compared.summary, perfect={"steady": perfect}),
    )
    write_files(doubtful, tmp_path, settings=ComparisonSettings())
    for name in ("table.md", "table.tex"):
        text = (tmp_path / name).read_text()
        assert "steady was trained on them." in text
        assert (
            "steady: With the target scale of this model, a perfect network would score MAE 29.00"
            in text
        )
    found = json.loads((tmp_path / "comparison.json").read_text())
    assert found["perfect_network"]["steady"]["means"]["mae"] == 29
    assert found["contestants"][0]["cautions"] == ["steady was trained on them."]


def test_scores_after_a_linear_fit_have_their_own_panel(folder: Path) -> None:
    text = (folder / "table.md").read_text()
    assert "**After the best linear fit of intensities**" in text
    assert "| method | SSIM, linear fit ↑ | MAE, linear fit ↓ (scanner units) |" in text
    assert float(rows_of(folder / "table.csv")[0]["mae_linear"]) > 0


def test_differences_have_a_row_for_each_method_and_tested_measure(folder: Path) -> None:
    rows = rows_of(folder / "differences.csv")
    assert {(row["method"], row["against"]) for row in rows} == {
        ("shaky", "steady"),
        ("perfect", "steady"),
    }
    # five tested measures and the jitter
    assert len(rows) == 2 * 6
    shaky = next(row for row in rows if (row["method"], row["measure"]) == ("shaky", "mae"))
    assert float(shaky["low"]) <= float(shaky["difference"]) <= float(shaky["high"])
    assert (shaky["p"], shaky["p_holm"], shaky["win_rate"]) == ("n/a", "n/a", "0")


def test_every_case_of_every_method_is_in_the_scores(folder: Path) -> None:
    rows = rows_of(folder / "scores.csv")
    assert len(rows) == 5 * 4
    assert {row["method"] for row in rows} >= {"steady", "shaky", "perfect", "copied source"}


def test_markdown_marks_the_best_and_has_no_number_of_others(folder: Path) -> None:
    text = (folder / "table.md").read_text()
    assert "| method | SSIM ↑ | FID ↓ | MAE ↓ (scanner units) |" in text
    assert "| perfect | **1.0000**" in text
    assert "Mean over 3 people" in text
    assert "would take 1000 s (extrapolated from the time of one step)" in text
    assert "another cohort" not in text
    assert "paper" not in text.lower()
