from dataclasses import replace

import pytest

from crossvox.comparison import Comparison
from crossvox.comparison.sentences import (
    cautions_of,
    comparison_cautions,
    comparison_headline,
    difference_groups,
    method_words,
    perfect_sentences,
    slice_sentences,
)
from crossvox.scoring import Failure
from crossvox.scoring.measures import MEASURE
from crossvox.scoring.results import Perfect
from crossvox.scoring.summary import difference_between, summarize


@pytest.fixture
def many(compared: Comparison) -> Comparison:
    """The same volumes as of twelve people, enough for tests to say something."""
    people = [
        replace(result, pair=replace(result.pair, subject=f"s{k}", name=f"s{k}"))
        for k, result in enumerate(compared.results * 3)
    ]
    contrasts = [("shaky", "steady"), ("perfect", "steady")]
    names = (*compared.names, "copied source")
    return replace(
        compared,
        results=tuple(people),
        summary=summarize(people, seed=0, methods=names, contrasts=contrasts),
        jitter=tuple(
            difference_between(people, contrast, MEASURE["slice_mean_std"], seed=0)
            for contrast in contrasts
        ),
    )


def test_the_headline_ranks_by_ssim(compared: Comparison) -> None:
    text = comparison_headline(compared)
    assert text.startswith("perfect reaches the highest SSIM inside the mask, 1.0000")
    assert text.index("steady 0.") < text.index("shaky 0.")
    assert "Holm" not in text


def test_with_enough_people_the_headline_counts_what_is_significant(many: Comparison) -> None:
    # twelve equal signs: p is 2 / 2^12, times ten rows far below .05
    assert "Of 10 paired differences from steady, 10 remain significant" in comparison_headline(
        many
    )


def test_each_tested_method_has_a_sentence_on_its_slices(many: Comparison) -> None:
    shaky, perfect = slice_sentences(many)
    assert shaky.startswith("shaky is less consistent from slice to slice than steady")
    assert perfect.startswith("perfect is more consistent from slice to slice than steady")
    assert "p = 0.005 after Holm" in shaky
    assert "scanner units per mm, a difference of +" in shaky
    assert "jitter of its slice brightness" in shaky


def test_few_people_get_the_sentence_instead_of_p(compared: Comparison) -> None:
    assert "after Holm" not in " ".join(slice_sentences(compared))
    assert "With 3 people no signed-rank test" in " ".join(comparison_cautions(compared))
    assert difference_groups(compared)["shaky"][0]["p"] == "n/a"


def test_equal_volumes_show_no_clear_difference(many: Comparison) -> None:
    row = next(r for r in many.summary.comparisons if r.metric == "slice_consistency")
    wide = replace(row, difference=replace(row.difference, low=-1.0, high=1.0))
    blurred = replace(many, summary=replace(many.summary, comparisons=(wide,)))
    assert "does not clearly differ from steady" in slice_sentences(blurred)[0]


def test_a_verdict_that_the_test_does_not_bear_out_is_doubted(many: Comparison) -> None:
    rows = tuple(replace(row, p_holm=0.2) for row in many.summary.comparisons)
    doubtful = replace(many, summary=replace(many.summary, comparisons=rows))
    assert (
        "shaky is perhaps less consistent from slice to slice than steady"
        in slice_sentences(doubtful)[0]
    )


def test_what_was_left_out_failed_or_moved_is_told(compared: Comparison) -> None:
    first, *others = compared.results
    moved = replace(first, facts=replace(first.facts, resampled=("shaky",)))
    changed = replace(
        compared,
        results=(moved, *others),
        left_out=(Failure(name="sub-09", reason="not synthesized by shaky"),),
        failures=(Failure(name="sub-08", reason="cut short"),),
    )
    text = " ".join(comparison_cautions(changed))
    assert "1 case was left out for all methods because some methods lack it: sub-09" in text
    assert "sub-08 was not scored: cut short" in text
    assert "In 1 case, volumes were on a different grid from the reference" in text


def test_only_people_that_are_scored_are_told_to_be_known_to_a_model(
    compared: Comparison,
) -> None:
    assert cautions_of(compared) == []
    first, *others = compared.results
    known = replace(first, facts=replace(first.facts, known={"shaky": "train"}))
    (caution,) = cautions_of(replace(compared, results=(known, *others)))
    assert caution.startswith("shaky: The scores include 1 case of people that the model was")
    assert first.pair.name in caution


def test_each_contestant_s_scale_has_its_sentence(compared: Comparison) -> None:
    assert perfect_sentences(compared) == []
    perfect = Perfect(means={"mae": 29.0, "psnr": 22.1, "ssim": 0.92}, people=3)
    scaled = replace(compared, summary=replace(compared.summary, perfect={"shaky": perfect}))
    (sentence,) = perfect_sentences(scaled)
    assert sentence.startswith(
        "shaky: With the target scale of this model, a perfect network would score MAE 29"
    )


def test_baselines_that_outdo_every_method_are_told(compared: Comparison) -> None:
    assert "without training" not in " ".join(comparison_cautions(compared))
    intervals = compared.summary.intervals
    best = intervals["perfect"]
    lower = dict.fromkeys(compared.names, intervals["shaky"])
    outdone = replace(compared.summary, intervals=lower | {"copied source": best})
    told = comparison_cautions(replace(compared, summary=outdone))
    assert any(one.startswith("The copied source, a baseline without training") for one in told)


def test_unequal_budgets_and_cautions_of_contestants_are_told(compared: Comparison) -> None:
    first, second, third = compared.contestants
    changed = replace(
        compared,
        contestants=(
            replace(first, costs=replace(first.costs, training_hours=0.5), cautions=("Beware.",)),
            replace(second, costs=replace(second.costs, training_hours=0.9)),
            third,
        ),
    )
    told = comparison_cautions(changed)
    assert "Beware." in told
    assert "The training times are not equal; in hours they are: steady 0.500, shaky 0.900." in told


def test_few_people_leave_doubt_about_a_verdict(compared: Comparison) -> None:
    assert (
        "shaky is perhaps less consistent from slice to slice than steady"
        in slice_sentences(compared)[0]
    )


def test_differences_are_grouped_by_method(compared: Comparison) -> None:
    groups = difference_groups(compared)
    assert list(groups) == ["shaky", "perfect"]
    assert groups["shaky"][0]["measure"] == "MAE"
    assert groups["shaky"][0]["difference"].startswith("+")


def test_only_methods_that_are_described_are_listed(compared: Comparison) -> None:
    first, *others = compared.contestants
    quiet = replace(compared, contestants=(replace(first, method=""), *others))
    assert [name for name, _ in method_words(quiet)] == ["shaky", "perfect"]
