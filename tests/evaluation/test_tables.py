import csv
import json
from pathlib import Path

import pytest

from crossvox.evaluation import Evaluation
from crossvox.scoring.baselines import BASELINES
from crossvox.scoring.measures import NAMES


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_scores_begin_with_the_columns_everybody_looks_for(evaluated: Evaluation) -> None:
    header = evaluated.report.with_name("scores.csv").read_text().splitlines()[0].split(",")
    assert header[:6] == ["subject", "mae", "rmse", "psnr", "ssim", "ssim_full"]
    assert header[17:22] == ["case", "mask", "data_range", "unit", "resampled"]
    assert header[22:] == [
        "uncovered", "mae_linear", "psnr_linear", "ssim_linear", "mae_perfect", "psnr_perfect",
        "ssim_perfect", "subject_in_model",
    ]  # fmt: skip


def test_scores_have_a_row_for_each_case(evaluated: Evaluation) -> None:
    rows = rows_of(evaluated.report.with_name("scores.csv"))
    assert [row["case"] for row in rows] == ["sub-01", "sub-02", "sub-03_ses-1", "sub-03_ses-2"]
    first = evaluated.results[0]
    assert float(rows[0]["mae"]) == pytest.approx(first.own["mae"], rel=1e-5)
    assert rows[0]["mask"] == "head of the reference"
    assert rows[0]["resampled"] == "no"
    assert rows[0]["mae_synthrad2023"] == "n/a"


def test_baselines_are_scored_by_the_same_columns(evaluated: Evaluation) -> None:
    rows = rows_of(evaluated.report.with_name("baselines.csv"))
    assert {row["baseline"] for row in rows} == set(BASELINES)
    assert len(rows) == 3 * 4
    assert set(NAMES) < rows[0].keys()


def test_the_comparison_is_strict_json_with_everything_in_it(evaluated: Evaluation) -> None:
    text = evaluated.report.with_name("comparison.json").read_text()

    def refuse(word: str) -> None:
        pytest.fail(f"{word} is not JSON")

    found = json.loads(text, parse_constant=refuse)
    assert found["subjects"] == 3
    assert found["cases"] == 4
    assert found["recipe"]["data_range"].startswith("0.1 to 99.9 percentile")
    assert found["summary"]["synthesized"]["mae_synthrad2023"]["mean"] is None
    assert found["versions"]["crossvox"]
    assert len(found["comparisons"]) == 15
    assert found["references_without_synthesized"] == ["sub-04_T1w.nii.gz"]


def test_without_labels_there_is_no_table_of_regions(evaluated: Evaluation) -> None:
    assert not evaluated.report.with_name("regions.csv").exists()
