from dataclasses import replace

from crossvox.evaluation import Evaluation
from crossvox.evaluation.presentation import (
    headline,
    provenance,
    region_rows,
    score_rows,
    worst_first,
)
from crossvox.evaluation.scores import RegionScore
from crossvox.evaluation.summary import summarise


def test_the_best_mean_of_a_row_is_marked_where_there_is_a_better(evaluated: Evaluation) -> None:
    rows = {row.title: row for row in score_rows(evaluated.summary, unit="HU")}
    assert [cell.best for cell in rows["MAE"].cells] == [True, False, False, False]
    assert not any(cell.best for cell in rows["NMI with the source"].cells)
    assert rows["Slice consistency"].unit == "HU per mm"


def test_measures_that_nobody_has_are_left_out(evaluated: Evaluation) -> None:
    titles = {row.title for row in score_rows(evaluated.summary, unit="HU")}
    assert "MAE, recipe synthrad2023" not in titles


def test_the_headline_names_the_strongest_baseline_and_the_wins(evaluated: Evaluation) -> None:
    text = headline(evaluated)
    assert "over 3 people" in text
    assert "of 3 people" in text


def test_without_a_baseline_the_headline_says_so(evaluated: Evaluation) -> None:
    bare = [replace(r, scores={"synthesized": r.own}) for r in evaluated.results]
    alone = replace(evaluated, results=tuple(bare), summary=summarise(bare, seed=0))
    assert "no baseline" in headline(alone)


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
