from dataclasses import replace

from crossvox.evaluation import Evaluation
from crossvox.report.rows import (
    provenance,
    region_rows,
    score_rows,
    worst_first,
)
from crossvox.scoring.scores import RegionScore


def test_the_best_mean_of_a_row_is_marked_where_there_is_a_better(evaluated: Evaluation) -> None:
    rows = {row.title: row for row in score_rows(evaluated.summary, unit="HU")}
    assert [cell.best for cell in rows["MAE"].cells] == [True, False, False, False]
    assert not any(cell.best for cell in rows["NMI with the source"].cells)
    assert rows["Slice consistency"].unit == "HU per mm"


def test_measures_that_nobody_has_are_left_out(evaluated: Evaluation) -> None:
    titles = {row.title for row in score_rows(evaluated.summary, unit="HU")}
    assert "MAE, recipe synthrad2023" not in titles


def test_worst_cases_come_first(evaluated: Evaluation) -> None:
    values = [result.own["ssim"] for result in worst_first(evaluated.results)]
    assert values == sorted(values)


def test_sidecars_agree_or_are_said_to_differ(evaluated: Evaluation) -> None:
    said = provenance(evaluated.results)
    assert said["Model"] == "gan3d"
    assert said["Sources"] == "differs between cases (4)"


def test_an_empty_region_counts_for_nobody(evaluated: Evaluation) -> None:
    region = RegionScore(label=3, voxels=5, mae=2.0, bias=-1.0, ssim=0.5)
    first, *others = evaluated.results
    rows = region_rows([replace(first, regions=(region,)), *others])
    assert rows == [
        {
            "label": "3",
            "subjects": "1",
            "mae": "2.000",
            "bias": "\N{MINUS SIGN}1.000",
            "ssim": "0.500",
        }
    ]
