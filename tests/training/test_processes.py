"""One process or those that torchrun or srun started."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from crossvox.acceleration.compute import Compute
from crossvox.errors import SettingsError
from crossvox.training.processes import dismiss_others, finish, launch

CPU = Compute(device="cpu", bf16=False)
BATCH_SCRIPT = {
    "SLURM_JOB_ID": "77",
    "SLURM_NTASKS": "2",
    "SLURM_NTASKS_PER_NODE": "2",
    "SLURM_JOB_NAME": "train",
    "SLURM_NODELIST": "localhost",
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
    finish(fabric.world_size)


@pytest.mark.parametrize("without", ["SLURM_NTASKS_PER_NODE", "nothing"])
def test_the_variables_of_a_slurm_job_without_srun_are_one_process(
    monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    for name, value in BATCH_SCRIPT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(without, raising=False)
    assert launch(CPU, precision="32-true").world_size == 1


def test_srun_with_one_task_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (BATCH_SCRIPT | {"SLURM_STEP_NUM_TASKS": "1"}).items():
        monkeypatch.setenv(name, value)
    assert launch(CPU, precision="32-true").world_size == 1


def test_srun_without_tasks_per_node_is_refused_with_what_to_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (BATCH_SCRIPT | {"SLURM_STEP_NUM_TASKS": "2"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SLURM_NTASKS_PER_NODE")
    with pytest.raises(SettingsError, match="--ntasks-per-node=2"):
        launch(CPU, precision="32-true")


WAITING = """
import signal, time
from crossvox.errors import SettingsError
from crossvox.acceleration.compute import Compute
from crossvox.training.processes import finish, first_alone, launch

heard = []
fabric = launch(Compute(device="cpu", bf16=False), precision="32-true")
began = time.monotonic()
if not fabric.is_global_zero:
    signal.signal(signal.SIGALRM, lambda *_: heard.append(time.monotonic() - began))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
with first_alone(fabric):
    if fabric.is_global_zero:
        time.sleep(1.5)
if not fabric.is_global_zero:
    print("waited", time.monotonic() - began, "heard", *heard, flush=True)
finish(fabric.world_size)
"""


@pytest.mark.slow
def test_a_process_that_waits_for_the_first_hears_signals_at_once(tmp_path: Path) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(WAITING)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    ended = subprocess.run(
        [*torchrun, str(script)], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    _, waited, _, heard = ended.stdout.split()
    assert float(waited) > 1.4
    assert float(heard) < 1.0


@pytest.mark.slow
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
    assert "training.batch 3 cannot be divided equally among 2 process(es)" in ended.stderr
    assert not (tmp_path / "checkpoint").exists()
