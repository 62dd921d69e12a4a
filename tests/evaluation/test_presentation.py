from dataclasses import replace
from pathlib import Path

from crossvox.evaluation import Evaluation, Failure
from crossvox.evaluation.presentation import (
    cautions,
    comparison_groups,
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


def test_few_people_unanswered_references_and_failures_are_told(evaluated: Evaluation) -> None:
    failed = replace(evaluated, failures=(Failure(name="sub-09", reason="cut short"),))
    text = " ".join(cautions(failed))
    assert "With 3 people no signed-rank test can be significant" in text
    assert "sub-04_T1w.nii.gz" in text
    assert "Not scored: sub-09. cut short" in text


def test_resampled_files_and_mixed_units_are_told(evaluated: Evaluation) -> None:
    first, *others = evaluated.results
    odd = replace(first, facts=replace(first.facts, resampled=("reference",), unit="HU"))
    text = " ".join(cautions(replace(evaluated, results=(odd, *others))))
    assert "1 case had files on another grid" in text
    assert "Units differ" in text


def test_many_people_with_too_many_comparisons_are_told(evaluated: Evaluation) -> None:
    people = [
        replace(r, pair=replace(r.pair, subject=f"s{k}", name=f"s{k}"))
        for k, r in enumerate(evaluated.results * 2)
    ]
    # seven people: the smallest p is 1/64; fifteen comparisons lift it to .23
    many = replace(evaluated, summary=summarise(people[:7], seed=0))
    assert "no p-value can survive" in " ".join(cautions(many))
    rows = comparison_groups(many.summary, unit="HU")["copied source"]
    assert {row["p"] for row in rows} != {"n/a"}


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


def test_results_carry_paths_but_the_page_shows_only_names(evaluated: Evaluation) -> None:
    assert isinstance(evaluated.unanswered[0], Path)
    assert str(evaluated.unanswered[0].parent) not in " ".join(cautions(evaluated))
