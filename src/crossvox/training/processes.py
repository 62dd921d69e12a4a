"""One process or several: those that torchrun or srun started."""

import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import distributed

from crossvox.acceleration.compute import Compute
from crossvox.errors import SettingsError

PATIENCE = timedelta(minutes=30)  # within a step; a process that died is noticed at once
LONGEST_WAIT = timedelta(days=30)  # for a process that prepares a cohort or validates
LOOK_SECONDS = 0.05
SRUN_TASKS = "SLURM_STEP_NUM_TASKS"  # set by srun alone; SLURM_NTASKS is in every job's script


def launch(compute: Compute, *, precision: str) -> Fabric:
    """A launched Fabric over the processes there are, each on its own device.

    Raises:
        SettingsError: srun was not told how many tasks a node has.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # else it talks of AMP
    world = process_count()
    per_node = world if compute.device == "cpu" else min(world, torch.cuda.device_count())
    fabric = Fabric(
        accelerator=compute.device,
        devices=per_node,
        num_nodes=world // per_node,
        precision=precision,  # type: ignore[arg-type]  # one of Fabric's names
        strategy=_DataParallel() if world > 1 else "auto",
        # Fabric alone would take the variables of a SLURM job's script for those of srun.
        plugins=[_launcher(world)],
    )
    fabric.launch()
    return fabric


def process_count(*, environment: Mapping[str, str] = os.environ) -> int:
    """How many processes torchrun or srun started; 1 where neither did.

    Args:
        environment: What launchers tell their processes.
    """
    if TorchElasticEnvironment.detect():
        return TorchElasticEnvironment().world_size()
    return int(environment.get(SRUN_TASKS, "1"))


@contextmanager
def first_alone(fabric: Fabric) -> Iterator[None]:
    """The first process goes through the block while the others wait, then they do."""
    if not fabric.is_global_zero:
        wait_for_all(fabric)
    yield
    if fabric.is_global_zero:
        wait_for_all(fabric)


def wait_for_all(fabric: Fabric) -> None:
    """Return once every process has come here, however long one of them works.

    Signals are heard meanwhile, which they are not within a collective operation.
    """
    if not isinstance(fabric.strategy, _DataParallel):
        return
    waiting = distributed.barrier(group=fabric.strategy.waiting_group, async_op=True)
    while not waiting.is_completed():
        time.sleep(LOOK_SECONDS)
    waiting.wait()  # raises what went wrong


def dismiss_others(fabric: Fabric) -> None:
    """Of several processes only the first goes on, alone; the others end here."""
    if fabric.world_size == 1:
        return
    fabric.barrier()
    distributed.destroy_process_group()
    if not fabric.is_global_zero:
        _leave()


def finish(processes: int) -> None:
    """End the process that was left of several; one that was alone from the start just goes on."""
    if processes > 1:
        _leave()


def _leave() -> None:
    # gloo aborts while Python tears down some of the runs that ended well (6 % on torch 2.13).
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class _DataParallel(DDPStrategy):
    """Equal networks in all processes, and a second group of them for long waits."""

    waiting_group: distributed.ProcessGroup

    def __init__(self) -> None:
        # Networks are called twice before one backward, so their buffers must stay as they are.
        super().__init__(broadcast_buffers=False, timeout=PATIENCE)

    def setup_environment(self) -> None:
        """Begin both groups while every process is here."""
        super().setup_environment()
        self.waiting_group = distributed.new_group(backend="gloo", timeout=LONGEST_WAIT)


def _launcher(world: int) -> ClusterEnvironment:
    if TorchElasticEnvironment.detect():
        return TorchElasticEnvironment()
    if world == 1:
        return LightningEnvironment()
    try:
        return SLURMEnvironment()
    except RuntimeError as error:  # as srun was told --ntasks without --ntasks-per-node
        raise SettingsError(f"srun: {str(error).splitlines()[0]}") from None
