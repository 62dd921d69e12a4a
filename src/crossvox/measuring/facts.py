"""Facts about the machine and a profile of operations, for benchmark reports."""

import platform
from datetime import date
from importlib.metadata import PackageNotFoundError, version

import psutil
import torch
from torch.profiler import ProfilerActivity, profile

from crossvox.acceleration.compute import choose_compute, keep_pages
from crossvox.acceleration.machine import describe_machine
from crossvox.variants.variant import Work
from crossvox.version import __version__

SHOWN_OPERATIONS = 15  # rows of the profile
NAME_WIDTH = 50  # characters

Facts = tuple[tuple[str, str], ...]


def machine_facts(work: Work) -> Facts:  # noqa: ARG001 - signature of a task
    """Collect facts about the machine and the software in the calling process."""
    compute = choose_compute(device="cpu")
    memory = psutil.virtual_memory().total / 2**30
    return (
        ("machine", describe_machine(compute)),
        ("physical cores", str(psutil.cpu_count(logical=False) or "unknown")),
        ("threads of each process", str(torch.get_num_threads())),
        ("memory", f"{memory:.0f} GiB"),
        ("bfloat16", "yes" if compute.bf16 else "no: float32"),
        (
            "pages",
            "kept or returned, as in the table" if keep_pages() else "cannot be kept without glibc",
        ),
        ("C library", " ".join(platform.libc_ver()).strip() or "unknown"),
        ("system", platform.platform()),
        ("versions", ", ".join(_versions())),
        ("date", date.today().isoformat()),
    )


def profiled(work: Work) -> str:
    """Profile `work`; return a table of the operations with the longest self time."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        work()
    averages = profiler.key_averages()
    table: str = averages.table(
        sort_by="self_cpu_time_total",
        row_limit=SHOWN_OPERATIONS,
        max_name_column_width=NAME_WIDTH,
    )
    return table


def _versions() -> list[str]:
    versions = [f"crossvox {__version__}", f"Python {platform.python_version()}"]
    for name in ("torch", "monai", "openvino"):
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} not installed")
    return versions
