"""Which part of a cohort this process does, where several share one."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossvox.cohort import Case
from crossvox.errors import SettingsError

# What launchers tell their processes: number, of how many, and the number they count from.
# srun alone names a step's tasks; SLURM_NTASKS is in every job's script too.
ARRAY = ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN")
TORCHRUN = ("RANK", "WORLD_SIZE", "")
SRUN = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "")


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Every `count`-th case from the `index`-th, which counts from 0."""

    index: int
    count: int

    def of(self, cases: Sequence[Case]) -> tuple[Case, ...]:
        """This shard's cases; the shards of a cohort have every case once.

        A single case is everybody's: an array of jobs that names a file each is no cohort.
        """
        if len(cases) == 1:
            return tuple(cases)
        return tuple(sorted(cases, key=lambda case: case.name)[self.index :: self.count])


WHOLE = Shard(index=0, count=1)


def shard_of(asked: str | None, *, environment: Mapping[str, str] = os.environ) -> Shard:
    """The shard that was asked for, or that a launcher means; all cases where neither says.

    Args:
        asked: "i/n", i from 1 to n.
        environment: what torchrun, srun and arrays of SLURM jobs set is looked at.

    Raises:
        SettingsError: It is not written so.
    """
    if asked is None:
        return _launched(environment)
    found = re.fullmatch(r"(\d+)/(\d+)", asked)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise SettingsError(f"--shard {asked}: write it as i/n, i from 1 to n, such as 2/8")
    return Shard(index=int(found[1]) - 1, count=int(found[2]))


def _launched(environment: Mapping[str, str]) -> Shard:
    """The place within an array of jobs, and in it among the processes of one job."""
    job = _told(environment, *ARRAY)
    by_srun = "RANK" not in environment and "SLURM_STEP_NUM_TASKS" in environment
    process = _told(environment, *(SRUN if by_srun else TORCHRUN))
    return Shard(index=job.index * process.count + process.index, count=job.count * process.count)


def _told(environment: Mapping[str, str], number: str, count: str, first: str) -> Shard:
    if number not in environment:
        return WHOLE
    if count not in environment:
        raise SettingsError(f"{number} is set and {count} is not; say --shard i/n instead")
    index = int(environment[number]) - int(environment.get(first, "0"))
    shard = Shard(index=index, count=int(environment[count]))
    if not 0 <= shard.index < shard.count:
        raise SettingsError(
            f"{number} {environment[number]} is none of {count} {shard.count};"
            " say --shard i/n instead"
        )
    return shard
