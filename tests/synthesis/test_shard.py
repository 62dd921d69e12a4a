"""Cohorts that several processes share."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossvox.cohort import Case
from crossvox.errors import SettingsError
from crossvox.synthesis.shard import Shard, parse_shard


def cohort(size: int) -> list[Case]:
    names = [f"sub-{number:03d}" for number in reversed(range(size))]
    return [Case(subject=name, name=name, images={"FLAIR": Path(name)}) for name in names]


@given(size=st.integers(2, 40), count=st.integers(1, 12))
def test_the_shards_of_a_cohort_have_every_case_once(size: int, count: int) -> None:
    cases = cohort(size)
    shards = [Shard(index=index, count=count).of(cases) for index in range(count)]
    names = sorted(case.name for shard in shards for case in shard)
    assert names == sorted(case.name for case in cases)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_a_single_case_is_everybodys() -> None:
    assert [case.name for case in Shard(index=3, count=8).of(cohort(1))] == ["sub-000"]


def test_a_shard_does_not_depend_on_the_order_of_the_cases() -> None:
    cases = cohort(9)
    assert Shard(index=1, count=4).of(cases) == Shard(index=1, count=4).of(cases[::-1])


def test_the_second_of_eight_counts_from_one() -> None:
    assert parse_shard("2/8") == Shard(index=1, count=8)


@pytest.mark.parametrize("asked", ["0/4", "5/4", "2", "a/b", "1/0", "-1/2"])
def test_what_is_no_shard_is_refused_with_how_to_write_one(asked: str) -> None:
    with pytest.raises(SettingsError, match="such as 2/8"):
        parse_shard(asked)
