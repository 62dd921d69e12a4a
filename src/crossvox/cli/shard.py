"""Shard of a cohort that a launcher (torchrun, srun, a SLURM array) assigns to this process."""

import os
from collections.abc import Mapping

from crossvox import SettingsError

# Environment variables: index of this process, number of processes, index of the first process.
# Only srun sets SLURM_STEP_NUM_TASKS; SLURM_NTASKS is set in every job's script.
ARRAY = ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN")
TORCHRUN = ("RANK", "WORLD_SIZE", "")
SRUN = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "")
ALONE = (0, 1)  # index and number of processes without a launcher


def launched_shard(*, environment: Mapping[str, str] = os.environ) -> str | None:
    """Shard "i/n" assigned by torchrun, srun or an array of SLURM jobs; None without them.

    In an array, shards are numbered by job, then by process within the job.

    Args:
        environment: Environment variables of the process.

    Raises:
        SettingsError: A launcher's variables are incomplete or contradict each other.
    """
    job, jobs = _index_and_count(environment, *ARRAY)
    by_srun = "RANK" not in environment and "SLURM_STEP_NUM_TASKS" in environment
    process, processes = _index_and_count(environment, *(SRUN if by_srun else TORCHRUN))
    index, count = job * processes + process, jobs * processes
    return None if (index, count) == ALONE else f"{index + 1}/{count}"


def _index_and_count(
    environment: Mapping[str, str], index_name: str, count_name: str, first_name: str
) -> tuple[int, int]:
    if index_name not in environment:
        return ALONE
    if count_name not in environment:
        raise SettingsError(
            f"{index_name} is set but {count_name} is not; give --shard i/n instead"
        )
    try:
        index = int(environment[index_name]) - int(environment.get(first_name, "0"))
        count = int(environment[count_name])
    except ValueError as error:
        raise SettingsError(
            f"{index_name} or {count_name} is not a number ({error}); give --shard i/n instead"
        ) from None
    if not 0 <= index < count:
        raise SettingsError(
            f"{index_name}={environment[index_name]} is out of range for {count_name}={count};"
            " give --shard i/n instead"
        )
    return index, count
