"""What a reader is told before the numbers."""

from dataclasses import replace
from pathlib import Path

from crossvox.evaluation import Evaluation
from crossvox.evaluation.sentences import cautions, headline
from crossvox.report.rows import comparison_groups
from crossvox.scoring import Failure
from crossvox.scoring.summary import summarize


def test_few_people_unanswered_references_and_failures_are_told(evaluated: Evaluation) -> None:
    failed = replace(evaluated, failures=(Failure(name="sub-09", reason="cut short"),))
    text = " ".join(cautions(failed))
    assert "With 3 people no signed-rank test can be significant" in text
    assert "sub-04_T1w.nii.gz" in text
    assert "sub-09 was not scored: cut short" in text


def test_resampled_files_and_mixed_units_are_told(evaluated: Evaluation) -> None:
    first, *others = evaluated.results
    odd = replace(first, facts=replace(first.facts, resampled=("synthesized",), unit="HU"))
    text = " ".join(cautions(replace(evaluated, results=(odd, *others))))
    assert "1 case had files on a different grid" in text
    assert "Units differ" in text


def test_many_people_with_too_many_comparisons_are_told(evaluated: Evaluation) -> None:
    people = [
        replace(r, pair=replace(r.pair, subject=f"s{k}", name=f"s{k}"))
        for k, r in enumerate(evaluated.results * 2)
    ]
    # seven people: the smallest p is 1/64; fifteen comparisons lift it to .23
    many = replace(evaluated, summary=summarize(people[:7], seed=0))
    assert "no p-value can be significant" in " ".join(cautions(many))
    rows = comparison_groups(many.summary, unit="HU")["copied source"]
    assert {row["p"] for row in rows} != {"n/a"}


def test_results_carry_paths_but_the_page_shows_only_names(evaluated: Evaluation) -> None:
    assert isinstance(evaluated.unmatched[0], Path)
    assert str(evaluated.unmatched[0].parent) not in " ".join(cautions(evaluated))


def test_notes_on_the_cases_come_first(evaluated: Evaluation) -> None:
    noted = replace(evaluated, notes=("Left out: 2 cases.",))
    assert cautions(noted)[0] == "Left out: 2 cases."


def test_what_a_volume_does_not_cover_is_told_with_its_share(evaluated: Evaluation) -> None:
    first, *others = evaluated.results
    cut = replace(first, facts=replace(first.facts, uncovered={"synthesized": 0.123}))
    text = " ".join(cautions(replace(evaluated, results=(cut, *others))))
    assert "does not cover the whole mask of 1 case" in text
    assert "sub-01 12.3 %" in text
    assert "does not cover" not in " ".join(cautions(evaluated))


def test_the_headline_names_the_strongest_baseline_and_the_wins(evaluated: Evaluation) -> None:
    text = headline(evaluated)
    assert "over 3 people" in text
    assert "of 3 people" in text


def test_the_headline_counts_the_people_for_whom_the_volume_is_better(
    evaluated: Evaluation,
) -> None:
    # SSIM of the synthesized volume and of two baselines for three people, one of whom loses
    ssim = {
        "synthesized": (0.8, 0.7, 0.3),
        "copied source": (0.5, 0.5, 0.1),
        "mean training target": (0.6, 0.6, 0.9),
    }
    results = [
        replace(
            result,
            pair=replace(result.pair, subject=f"s{person}", name=f"s{person}"),
            scores={name: {**result.own, "ssim": values[person]} for name, values in ssim.items()},
        )
        for person, result in enumerate(evaluated.results[:3])
    ]
    changed = replace(evaluated, results=tuple(results), summary=summarize(results, seed=0))
    assert headline(changed) == (
        "SSIM inside the mask is 0.600 on average over 3 people. The strongest baseline, the mean"
        " training target, reaches 0.700; the synthesized volume is better for 2 of 3 people."
    )


def test_without_a_baseline_the_headline_says_so(evaluated: Evaluation) -> None:
    bare = [replace(r, scores={"synthesized": r.own}) for r in evaluated.results]
    alone = replace(evaluated, results=tuple(bare), summary=summarize(bare, seed=0))
    assert "no baseline" in headline(alone)
