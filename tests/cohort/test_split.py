"""Splitting a cohort by person."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossvox.cohort import SPLITS, Case, refuse_shared_people, split_cohort
from crossvox.cohort.split import parse_split
from crossvox.errors import CohortError, SettingsError


def _case(subject: str, session: int = 1, split: str | None = None) -> Case:
    return Case(subject=subject, name=f"{subject}_ses-{session}", images={}, split=split)


def _people(count: int) -> list[Case]:
    return [_case(f"sub-{number:03}") for number in range(count)]


def test_splits_that_the_data_give_are_kept() -> None:
    cases = [_case("a", split="test"), _case("b", split="train")]
    assert split_cohort(cases, seed=0) == tuple(cases)


@given(people=st.integers(3, 60), seed=st.integers(0, 1000))
def test_from_three_people_on_every_part_has_one_and_order_is_kept(people: int, seed: int) -> None:
    cases = split_cohort(_people(people), seed=seed)
    assert {case.split for case in cases} == set(SPLITS)
    assert [case.subject for case in cases] == [case.subject for case in _people(people)]


def test_shares_are_kept_to_the_nearest_person() -> None:
    counts = Counter(case.split for case in split_cohort(_people(100), seed=3))
    assert counts == {"train": 70, "validation": 15, "test": 15}


def test_a_share_of_zero_gets_nobody() -> None:
    cases = split_cohort(_people(10), seed=0, fractions=(0.8, 0.0, 0.2))
    assert Counter(case.split for case in cases) == {"train": 8, "test": 2}


def test_two_people_are_both_trained_on() -> None:
    assert {case.split for case in split_cohort(_people(2), seed=0)} == {"train"}


def test_the_same_seed_gives_the_same_split_whatever_the_order() -> None:
    one = {case.name: case.split for case in split_cohort(_people(20), seed=5)}
    other = {case.name: case.split for case in split_cohort(_people(20)[::-1], seed=5)}
    assert one == other
    assert one != {case.name: case.split for case in split_cohort(_people(20), seed=6)}


@given(people=st.integers(3, 60), seed=st.integers(0, 1000))
def test_a_new_person_moves_only_people_at_the_ends_of_a_part(people: int, seed: int) -> None:
    before = {case.subject: case.split for case in split_cohort(_people(people), seed=seed)}
    after = {case.subject: case.split for case in split_cohort(_people(people + 1), seed=seed)}
    moved = [person for person, split in before.items() if after[person] != split]
    # Each of the two borders between splits moves by at most one person.
    assert len(moved) <= 2
    assert not [p for p in moved if {before[p], after[p]} == {"train", "test"}]


def test_fractions_beside_splits_that_the_data_give_are_refused() -> None:
    cases = [_case("a", split="test"), _case("b", split="train")]
    with pytest.raises(SettingsError, match=r"cohort\.fractions is \[0\.5, 0\.25, 0\.25\]"):
        split_cohort(cases, seed=0, fractions=(0.5, 0.25, 0.25))


def test_all_cases_of_a_person_are_in_one_part() -> None:
    cases = [_case(f"sub-{number}", session) for number in range(9) for session in range(3)]
    parts = {(case.subject, case.split) for case in split_cohort(cases, seed=1)}
    assert len(parts) == 9


def test_a_person_in_two_splits_is_refused_by_name() -> None:
    cases = [_case("sub-1", 1, "train"), _case("sub-1", 2, "test"), _case("sub-2", 1, "train")]
    with pytest.raises(CohortError, match="sub-1 is in train and test"):
        split_cohort(cases, seed=0)
    with pytest.raises(CohortError, match="sub-1 is in train and test"):
        refuse_shared_people(cases)


def test_splits_for_only_some_cases_are_refused() -> None:
    with pytest.raises(CohortError, match="1 of 2 cases have no split, such as b_ses-1"):
        split_cohort([_case("a", split="train"), _case("b")], seed=0)


@pytest.mark.parametrize("fractions", [(0.5, 0.2, 0.2), (1.2, -0.1, -0.1)])
def test_fractions_that_are_no_shares_are_refused(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(SettingsError, match="add up to 1"):
        split_cohort(_people(5), seed=0, fractions=fractions)


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("val", "validation"),
        ("dev", "validation"),
        (" testing ", "test"),
        ("n/a", None),
        ("", None),
        (None, None),
    ],
)
def test_common_spellings_of_splits_are_known(text: str | None, split: str | None) -> None:
    assert parse_split(text, origin="row 1") == split


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(CohortError, match="row 1: unknown split 'fold3'"):
        parse_split("fold3", origin="row 1")


def test_the_largest_remainder_gets_the_person_left_over() -> None:
    cases = split_cohort(_people(11), seed=0, fractions=(0.5, 0.1, 0.4))
    # 5.5, 1.1 and 4.4: the first has the largest remainder
    assert Counter(case.split for case in cases) == {"train": 6, "validation": 1, "test": 4}
    cases = split_cohort(_people(11), seed=0, fractions=(0.4, 0.1, 0.5))
    assert Counter(case.split for case in cases) == {"train": 4, "validation": 1, "test": 6}


def test_an_empty_part_is_given_one_person_and_no_more() -> None:
    cases = split_cohort(_people(6), seed=0, fractions=(0.98, 0.01, 0.01))
    assert Counter(case.split for case in cases) == {"train": 4, "validation": 1, "test": 1}
