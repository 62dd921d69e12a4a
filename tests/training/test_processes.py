"""One process or those that torchrun or srun started."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from crossvox.synthesis.compute import Compute
from crossvox.training.processes import dismiss_others, finish, launch

CPU = Compute(device="cpu", bf16=False)
ALONE_ON_SLURM = {
    "SLURM_NTASKS": "1",
    "SLURM_JOB_NAME": "train",
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
    "SLURM_NODEID": "0",
}


def test_without_a_launcher_there_is_one_process() -> None:
    fabric = launch(CPU, precision="32-true")
    assert fabric.world_size == 1
    assert fabric.is_global_zero
    assert fabric.device == torch.device("cpu")
    dismiss_others(fabric)  # leaves this process alone
    finish(fabric)


def test_srun_with_one_task_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ALONE_ON_SLURM.items():
        monkeypatch.setenv(name, value)
    assert launch(CPU, precision="32-true").world_size == 1


def test_a_batch_that_two_processes_cannot_share_ends_the_whole_run_with_the_cause(
    cohort_folder: Path, tmp_path: Path
) -> None:
    crossvox = str(Path(sys.executable).with_name("crossvox"))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    small = [
        *("--source", "FLAIR", "--target", "T1w", "--set", "cohort.check=false"),
        *("--set", "method.width=2", "--set", "method.depth=1", "--set", "training.batch=3"),
    ]
    ended = subprocess.run(
        [*torchrun, "--no-python", crossvox, "train", cohort_folder, tmp_path, *small],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode != 0
    assert "training.batch 3 is not shared equally by 2 process(es)" in ended.stderr
    assert not (tmp_path / "checkpoint").exists()
