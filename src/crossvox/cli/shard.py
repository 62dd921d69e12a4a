"""Part of a cohort that a launcher gives this process, where several share one."""

import os
from collections.abc import Mapping

from crossvox import SettingsError

# Variables of launchers: number of the process, number of processes, first number.
# srun alone names a step's tasks; SLURM_NTASKS is in every job's script too.
ARRAY = ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN")
TORCHRUN = ("RANK", "WORLD_SIZE", "")
SRUN = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "")
ALONE = (0, 1)


def launched_shard(*, environment: Mapping[str, str] = os.environ) -> str | None:
    """The shard "i/n" that torchrun, srun or an array of SLURM jobs gives; None without them.

    The place within an array of jobs comes first, then that among the processes of one job.

    Args:
        environment: Variables of the process.

    Raises:
        SettingsError: Only half of what a launcher sets is there.
    """
    job, jobs = _told(environment, *ARRAY)
    by_srun = "RANK" not in environment and "SLURM_STEP_NUM_TASKS" in environment
    process, processes = _told(environment, *(SRUN if by_srun else TORCHRUN))
    index, count = job * processes + process, jobs * processes
    return None if (index, count) == ALONE else f"{index + 1}/{count}"


def _told(environment: Mapping[str, str], number: str, count: str, first: str) -> tuple[int, int]:
    if number not in environment:
        return ALONE
    if count not in environment:
        raise SettingsError(f"{number} is set and {count} is not; say --shard i/n instead")
    index = int(environment[number]) - int(environment.get(first, "0"))
    of = int(environment[count])
    if not 0 <= index < of:
        raise SettingsError(
            f"{number} {environment[number]} is none of {count} {of}; say --shard i/n instead"
        )
    return index, of
