"""Rows of scores as they stand in files."""

from dataclasses import replace

from crossvox.evaluation import Evaluation
from crossvox.report.score_table import (
    REGION_HEADER,
    SCORE_HEADER,
    region_labels,
    region_table,
    score_row,
)
from crossvox.scoring.scores import RegionScore


def test_a_row_has_a_cell_for_each_column_and_says_what_is_unknown(evaluated: Evaluation) -> None:
    row = dict(zip(SCORE_HEADER, score_row(evaluated.results[0], "synthesized"), strict=True))
    assert row["case"] == "sub-01"
    assert row["resampled"] == "no"
    assert row["mae_synthrad2023"] == row["mae_perfect"] == "n/a"


def test_a_label_that_a_case_lacks_has_no_voxels_and_no_scores(evaluated: Evaluation) -> None:
    region = RegionScore(label=3, voxels=5, mae=2.0, bias=-1.0, ssim=0.5)
    first, second, *_ = evaluated.results
    results = [replace(first, regions=(region,)), second]
    rows = [dict(zip(REGION_HEADER, row, strict=True)) for row in region_table(results)]
    assert region_labels(results) == [3]
    assert [row["voxels"] for row in rows] == ["5", "0"]
    assert [row["mae"] for row in rows] == ["2", "n/a"]
