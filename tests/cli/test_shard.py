"""Cohorts that several processes share."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossvox.cli.shard import WHOLE, Shard, shard_of
from crossvox.cohort import Case
from crossvox.errors import SettingsError


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


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({}, WHOLE),
        ({"RANK": "1", "WORLD_SIZE": "3"}, Shard(index=1, count=3)),
        ({"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2"}, Shard(index=1, count=2)),
        # a job's script, which srun has not started
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, WHOLE),
        # torchrun on each of two nodes
        (
            {
                "SLURM_PROCID": "0",
                "SLURM_STEP_NUM_TASKS": "2",
                "RANK": "5",
                "WORLD_SIZE": "8",
            },
            Shard(index=5, count=8),
        ),
        # srun in the second of three jobs
        (
            {
                "SLURM_ARRAY_TASK_ID": "2",
                "SLURM_ARRAY_TASK_COUNT": "3",
                "SLURM_ARRAY_TASK_MIN": "1",
                "SLURM_PROCID": "3",
                "SLURM_STEP_NUM_TASKS": "4",
            },
            Shard(index=7, count=12),
        ),
        (
            {
                "SLURM_ARRAY_TASK_ID": "5",
                "SLURM_ARRAY_TASK_COUNT": "4",
                "SLURM_ARRAY_TASK_MIN": "3",
                "SLURM_PROCID": "0",
                "SLURM_NTASKS": "1",
            },
            Shard(index=2, count=4),
        ),
    ],
)
def test_launchers_say_which_shard_it_is(environment: dict[str, str], shard: Shard) -> None:
    assert shard_of(None, environment=environment) == shard


def test_what_is_asked_for_comes_before_what_a_launcher_says() -> None:
    assert shard_of("2/8", environment={"RANK": "0", "WORLD_SIZE": "2"}) == Shard(index=1, count=8)


@pytest.mark.parametrize("asked", ["0/4", "5/4", "2", "a/b", "1/0", "-1/2"])
def test_what_is_no_shard_is_refused_with_how_to_write_one(asked: str) -> None:
    with pytest.raises(SettingsError, match="such as 2/8"):
        shard_of(asked, environment={})


@pytest.mark.parametrize(
    "environment",
    [{"RANK": "1"}, {"RANK": "7", "WORLD_SIZE": "3"}, {"SLURM_ARRAY_TASK_ID": "1"}],
)
def test_half_of_what_a_launcher_should_say_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="--shard i/n"):
        shard_of(None, environment=environment)
