"""One process or several: those that torchrun or srun started, found by Fabric."""

import logging
import os
import sys
from datetime import timedelta

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy

from crossvox.synthesis.compute import Compute

PATIENCE = timedelta(minutes=30)  # the first process prepares the cohort while the others wait


def launch(compute: Compute, *, precision: str) -> Fabric:
    """A launched Fabric over the processes there are, each on its own device."""
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # else it talks of AMP
    world = process_count()
    per_node = world if compute.device == "cpu" else min(world, torch.cuda.device_count())
    fabric = Fabric(
        accelerator=compute.device,
        devices=per_node,
        num_nodes=world // per_node,
        precision=precision,  # type: ignore[arg-type]  # one of Fabric's names
        strategy=_data_parallel() if world > 1 else "auto",
    )
    fabric.launch()
    return fabric


def process_count() -> int:
    """How many processes torchrun or srun started; 1 where nobody did."""
    if TorchElasticEnvironment.detect():
        return TorchElasticEnvironment().world_size()
    if SLURMEnvironment.detect():
        return SLURMEnvironment().world_size()
    return 1


def dismiss_others(fabric: Fabric) -> None:
    """Of several processes only the first goes on, alone; the others end here."""
    if fabric.world_size == 1:
        return
    fabric.barrier()
    torch.distributed.destroy_process_group()
    if not fabric.is_global_zero:
        _leave()


def finish(fabric: Fabric) -> None:
    """End the process that was left of several; one that was alone from the start just goes on."""
    if fabric.world_size > 1:
        _leave()


def _leave() -> None:
    # gloo aborts while Python tears down some of the runs that ended well (6 % on torch 2.13).
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _data_parallel() -> DDPStrategy:
    # Networks are called twice before one backward, so their buffers must stay as they are.
    return DDPStrategy(broadcast_buffers=False, timeout=PATIENCE)
