"""Measurement and reporting for the GPU benchmark."""

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from crossvox.errors import CrossvoxError

Sizes = dict[str, tuple[tuple[int, int, int], ...]]
TERA, GIGA = 1e12, 1e9


@dataclass
class Report:
    """Report of tables, printed row by row.

    Attributes:
        lines: Lines of the report in Markdown.
        numbers: Rows of each table by its title.
    """

    lines: list[str] = field(default_factory=list)
    numbers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Print a line and add it to the report."""
        print(text, flush=True)
        self.lines.append(text)

    def table(self, title: str, rows: Iterator[dict[str, Any]]) -> None:
        """Add a table whose rows are printed as they are measured, up to the first failure."""
        self.say(f"\n## {title}\n")
        self.numbers[title] = []
        for row in _until_failure(rows, self.say):
            if not self.numbers[title]:
                self.say(f"| {' | '.join(row)} |")
                self.say("|" + "---|" * len(row))
            self.numbers[title].append(row)
            self.say(f"| {' | '.join(_cell(value) for value in row.values())} |")


class Bytes(TorchDispatchMode):
    """Count the bytes read and written if every operation accesses each operand once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401 - torch's signature
        """Count one operation."""
        del types
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            operands = tree_leaves((args, kwargs, result))
            self.total += sum(operand.nbytes for operand in operands if isinstance(operand, Tensor))
        return result


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Device, number of repetitions and sizes of the measurements."""

    device: str
    repeats: int
    sizes: Sizes

    def wait(self) -> None:
        """Wait until all queued operations on the device are done."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def seconds(self, work: Callable[[], object]) -> float:
        """Measure the median time of `work` after two warm-up runs."""
        times = []
        for _ in range(2 + self.repeats):
            self.wait()
            start = time.perf_counter()
            work()
            self.wait()
            times.append(time.perf_counter() - start)
        return statistics.median(times[2:])

    @contextmanager
    def peak(self) -> Iterator[Callable[[], float]]:
        """Context that yields a function for the peak memory of tensors in GiB; 0 on a CPU."""
        if self.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        yield lambda: torch.cuda.max_memory_allocated() / 2**30 if self.device == "cuda" else 0.0


def rates(machine: Machine) -> Iterator[dict[str, Any]]:
    """Measure the machine's peak rates: bfloat16 matrix products and memory bandwidth."""
    size = 8192 if machine.device == "cuda" else 1024
    left, right = (torch.randn(size, size, device=machine.device).bfloat16() for _ in range(2))
    seconds = machine.seconds(lambda: left @ right)
    yield {"what": "bfloat16 matrix product", "rate": 2 * size**3 / seconds / TERA, "in": "TFLOP/s"}
    block = torch.empty(size**2 * 8, device=machine.device)
    copy = torch.empty_like(block)
    seconds = machine.seconds(lambda: copy.copy_(block))
    yield {"what": "copy", "rate": 2 * block.nbytes / seconds / GIGA, "in": "GB/s"}


def _until_failure(
    rows: Iterator[dict[str, Any]], say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Yield rows until one fails; report the failure, so that the next table is still measured."""
    try:
        yield from rows
    except (RuntimeError, CrossvoxError, subprocess.SubprocessError) as error:
        say(f"\nfailed: {str(error).splitlines()[0]}")


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
