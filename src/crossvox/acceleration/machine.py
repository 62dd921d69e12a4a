"""Description of the machine that a volume was synthesized on."""

import platform
from pathlib import Path

import torch

from crossvox.acceleration.compute import Compute

CPU_INFORMATION = Path("/proc/cpuinfo")  # Linux


def describe_machine(compute: Compute) -> str:
    """Describe GPU and processor, number of threads, precision and torch version."""
    threads = torch.get_num_threads()
    parts = [f"{_processor()}, {threads} thread{'' if threads == 1 else 's'}"]
    if compute.device == "cuda":
        parts.insert(0, torch.cuda.get_device_name())
    parts += ["bfloat16" if compute.bf16 else "float32", f"torch {torch.__version__}"]
    return "; ".join(parts)


def _processor() -> str:
    if CPU_INFORMATION.is_file():
        for line in CPU_INFORMATION.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
