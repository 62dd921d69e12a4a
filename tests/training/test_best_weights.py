"""Which weights a run keeps, and who validates them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from crossvox.training.best_weights import shared_scores
from crossvox.training.interruption import Interruption

WEIGHTS = {"weight": torch.tensor([1.0])}


def test_one_process_has_the_scores_of_its_own_cases() -> None:
    fabric = Fabric(accelerator="cpu", devices=1)
    with Interruption() as interruption:
        scores = shared_scores(
            fabric, lambda _: {"ssim": 0.5}, WEIGHTS, cases=2, interruption=interruption
        )
    assert scores == {"ssim": 0.5}


def test_there_are_no_scores_where_a_request_to_stop_came_amidst() -> None:
    def asked_to_stop(_: Mapping[str, Tensor]) -> dict[str, float]:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("the validation went on")

    fabric = Fabric(accelerator="cpu", devices=1)
    with Interruption() as interruption:
        scores = shared_scores(fabric, asked_to_stop, WEIGHTS, cases=1, interruption=interruption)
        assert scores is None
        assert interruption.agreed(fabric)


SHARING = """
import json, os, signal, sys
import torch
from crossvox.acceleration.compute import Compute
from crossvox.training.best_weights import shared_scores
from crossvox.training.interruption import Interruption
from crossvox.training.processes import finish, launch

fabric = launch(Compute(device="cpu", bf16=False), precision="32-true")
rank = fabric.global_rank
# rank 0 has two cases of score 1, rank 1 one of score 4; rank 2 none
cases, score = ((2, 1.0), (1, 4.0), (0, None))[rank]

def validate(weights):
    assert weights["weight"].item() == 7.0  # the first process's
    if sys.argv[1] == "stopped" and rank == 1:
        os.kill(os.getpid(), signal.SIGTERM)
    return {"ssim": score}

with Interruption() as interruption:
    weights = {"weight": torch.tensor([7.0 + rank])}
    told = shared_scores(fabric, validate, weights, cases=cases, interruption=interruption)
with open(f"{sys.argv[2]}/{rank}", "w") as file:
    json.dump(told, file)
finish(fabric.world_size)
"""


def shared_by_three(folder: Path, *, stopped: str) -> list[object]:
    script = folder / "sharing.py"
    script.write_text(SHARING)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=3"]
    ended = subprocess.run(
        [*torchrun, str(script), stopped, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads((folder / str(rank)).read_text()) for rank in range(3)]


@pytest.mark.slow
def test_processes_share_the_cases_and_all_know_the_mean(tmp_path: Path) -> None:
    assert shared_by_three(tmp_path, stopped="nobody") == [{"ssim": 2.0}] * 3


@pytest.mark.slow
def test_where_one_process_is_to_stop_none_has_scores(tmp_path: Path) -> None:
    assert shared_by_three(tmp_path, stopped="stopped") == [None] * 3
