from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.comparison import Contestant
from crossvox.comparison.contest import chosen_opponent, match_cases
from crossvox.errors import CohortError, SettingsError
from crossvox.scoring import Failure

Made = Callable[[str, float], Contestant]


def without(contestant: Contestant, case: str) -> Contestant:
    return replace(contestant, pairs=tuple(p for p in contestant.pairs if p.name != case))


def test_a_case_that_no_contestant_could_make_is_told_with_its_reason(
    made: Made,
) -> None:
    failure = Failure(name="sub-99", reason="its file is cut short")
    contestants = [replace(made("steady", 10), failures=(failure,)), made("shaky", 30)]
    (left_out,) = match_cases(contestants).left_out
    assert (left_out.name, left_out.reason) == ("sub-99", "steady: its file is cut short")


def test_the_first_contestant_is_the_opponent_unless_one_is_named(made: Made) -> None:
    two = [made("a", 10), made("b", 20)]
    assert chosen_opponent(two, None) == "a"
    assert chosen_opponent(two, "b") == "b"
    assert chosen_opponent(two[:1], "copied source") == "copied source"


@pytest.mark.parametrize(
    ("names", "against", "message"),
    [
        (["a", "a"], None, "a unique name, got 'a'"),
        (["reference", "b"], None, "got 'reference'"),
        (["copied source"], None, "got 'copied source'"),
        (["a", ""], None, "got ''"),
        (["a", "b"], "c", "named 'c'; choose from a, b, copied source"),
        (["a"], None, "needs two"),
        ([], None, "no contestant or baseline"),
    ],
)
def test_names_that_mean_nobody_or_two_are_refused(
    made: Made, names: list[str], against: str | None, message: str
) -> None:
    contestants = [replace(made("a", 10), name=name) for name in names]
    with pytest.raises(SettingsError, match=message):
        chosen_opponent(contestants, against)


def test_a_case_that_one_lacks_is_left_out_for_all_and_named(made: Made) -> None:
    one, other = made("a", 10), made("b", 20)
    contest = match_cases([one, without(other, "sub-02")])
    assert [pairs[0].name for pairs in contest.cases] == ["sub-01", "sub-03_ses-1", "sub-03_ses-2"]
    assert [(left.name, left.reason) for left in contest.left_out] == [
        ("sub-02", "b has no volume of it")
    ]
    again = match_cases([without(other, "sub-02"), one])
    assert again.left_out == contest.left_out


def test_no_case_in_common_is_refused_with_the_counts(made: Made) -> None:
    one = made("a", 10)
    first, second = one.pairs[:2]
    pair = [replace(one, pairs=(first,)), replace(one, name="b", pairs=(second,))]
    with pytest.raises(CohortError, match="no case is in all contestants: a has 1, b has 1"):
        match_cases(pair)


def test_a_case_twice_is_refused(made: Made) -> None:
    one = made("a", 10)
    twice = replace(one, name="b", pairs=(*one.pairs, one.pairs[0]))
    with pytest.raises(CohortError, match="b has sub-01 more than once"):
        match_cases([one, twice])


@pytest.mark.parametrize("what", ["reference", "mask"])
def test_another_reference_or_mask_is_refused(made: Made, what: str) -> None:
    one, other = made("a", 10), made("b", 20)
    strange = other.pairs[0].synthesized
    pairs = [
        replace(pair, reference=strange) if what == "reference" else replace(pair, mask=strange)
        for pair in other.pairs
    ]
    changed = replace(other, pairs=tuple(pairs))
    with pytest.raises(CohortError, match=f"sub-01: a is scored with the {what} .*same for all"):
        match_cases([one, changed])


def test_a_copy_of_the_reference_is_the_same_reference(made: Made, tmp_path: Path) -> None:
    one, other = made("a", 10), made("b", 20)
    copy = tmp_path / "copy.nii.gz"
    copy.write_bytes(other.pairs[0].reference.read_bytes())
    moved = replace(other, pairs=(replace(other.pairs[0], reference=copy),))
    assert len(match_cases([one, moved]).cases) == 1
