"""What launchers tell a process of a cohort's prediction."""

import pytest

from crossvox.cli.shard import launched_shard
from crossvox.errors import SettingsError


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({}, None),
        ({"RANK": "1", "WORLD_SIZE": "3"}, "2/3"),
        ({"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2"}, "2/2"),
        # a job's script, which srun has not started
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, None),
        # torchrun on each of two nodes
        (
            {
                "SLURM_PROCID": "0",
                "SLURM_STEP_NUM_TASKS": "2",
                "RANK": "5",
                "WORLD_SIZE": "8",
            },
            "6/8",
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
            "8/12",
        ),
        (
            {
                "SLURM_ARRAY_TASK_ID": "5",
                "SLURM_ARRAY_TASK_COUNT": "4",
                "SLURM_ARRAY_TASK_MIN": "3",
                "SLURM_PROCID": "0",
                "SLURM_NTASKS": "1",
            },
            "3/4",
        ),
    ],
)
def test_launchers_say_which_shard_it_is(environment: dict[str, str], shard: str | None) -> None:
    assert launched_shard(environment=environment) == shard


@pytest.mark.parametrize(
    "environment",
    [
        {"RANK": "1"},
        {"RANK": "7", "WORLD_SIZE": "3"},
        {"RANK": "one", "WORLD_SIZE": "3"},
        {"SLURM_ARRAY_TASK_ID": "1"},
    ],
)
def test_half_of_what_a_launcher_should_say_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="--shard i/n"):
        launched_shard(environment=environment)
