"""The machine in words."""

import torch

from crossvox.acceleration.compute import Compute
from crossvox.acceleration.machine import describe_machine


def test_a_machine_is_its_processor_threads_precision_and_torch() -> None:
    words = describe_machine(Compute(device="cpu", bf16=False)).split("; ")
    threads = torch.get_num_threads()
    assert words[0].endswith(f", {threads} thread" if threads == 1 else f", {threads} threads")
    assert words[1:] == ["float32", f"torch {torch.__version__}"]
