"""Run training in a single process, or in those that torchrun or srun started."""

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

STEP_TIMEOUT = timedelta(minutes=30)  # within a step; a process that died is noticed at once
WAIT_TIMEOUT = timedelta(days=30)  # for a process that prepares a cohort or validates
POLL_SECONDS = 0.05
SRUN_TASKS = "SLURM_STEP_NUM_TASKS"  # set only by srun; every job script has SLURM_NTASKS


def launch(compute: Compute, *, precision: str) -> Fabric:
    """Launch Fabric over all processes, each on its own device.

    Raises:
        SettingsError: srun was called without --ntasks-per-node.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # else it logs its use of AMP
    world = process_count()
    per_node = world if compute.device == "cpu" else min(world, torch.cuda.device_count())
    fabric = Fabric(
        accelerator=compute.device,
        devices=per_node,
        num_nodes=world // per_node,
        precision=precision,  # type: ignore[arg-type]  # one of Fabric's names
        strategy=_DataParallel() if world > 1 else "auto",
        # By itself Fabric would mistake the variables of a SLURM job script for srun's.
        plugins=[_launcher(world)],
    )
    fabric.launch()
    return fabric


def process_count(*, environment: Mapping[str, str] = os.environ) -> int:
    """Number of processes that torchrun or srun started; 1 without a launcher.

    Args:
        environment: Environment variables that launchers set.
    """
    if TorchElasticEnvironment.detect():
        return TorchElasticEnvironment().world_size()
    return int(environment.get(SRUN_TASKS, "1"))


@contextmanager
def first_alone(fabric: Fabric) -> Iterator[None]:
    """Run the block in the first process, then in all others."""
    if not fabric.is_global_zero:
        wait_for_all(fabric)
    yield
    if fabric.is_global_zero:
        wait_for_all(fabric)


def wait_for_all(fabric: Fabric) -> None:
    """Wait until every process has called this, however long that takes.

    Signals are handled meanwhile, unlike within a collective operation.
    """
    if not isinstance(fabric.strategy, _DataParallel):
        return
    waiting = distributed.barrier(group=fabric.strategy.waiting_group, async_op=True)
    while not waiting.is_completed():
        time.sleep(POLL_SECONDS)
    waiting.wait()  # raises an error of the barrier


def dismiss_others(fabric: Fabric) -> None:
    """End all processes but the first, which continues alone."""
    if fabric.world_size == 1:
        return
    fabric.barrier()
    distributed.destroy_process_group()
    if not fabric.is_global_zero:
        _leave()


def finish(processes: int) -> None:
    """End the process that is left of several; do nothing if there was only a single process."""
    if processes > 1:
        _leave()


def _leave() -> None:
    # gloo aborts during Python's shutdown in 6 % of successful runs (torch 2.13).
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class _DataParallel(DDPStrategy):
    """DDP that does not broadcast buffers, with a second process group for long waits."""

    waiting_group: distributed.ProcessGroup

    def __init__(self) -> None:
        # Networks run forward twice before a backward pass; buffers must not change in between.
        super().__init__(broadcast_buffers=False, timeout=STEP_TIMEOUT)

    def setup_environment(self) -> None:
        """Create both process groups, for which all processes must be present."""
        super().setup_environment()
        self.waiting_group = distributed.new_group(backend="gloo", timeout=WAIT_TIMEOUT)


def _launcher(world: int) -> ClusterEnvironment:
    if TorchElasticEnvironment.detect():
        return TorchElasticEnvironment()
    if world == 1:
        return LightningEnvironment()
    try:
        return SLURMEnvironment()
    except RuntimeError as error:  # srun was called with --ntasks but without --ntasks-per-node
        raise SettingsError(f"srun: {str(error).splitlines()[0]}") from None
