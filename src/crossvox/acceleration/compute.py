"""Device, precision and memory of the machine that crossvox runs on."""

import ctypes
import platform
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import torch
from torch import nn

from crossvox.errors import SettingsError
from crossvox.files.machine_memory import available_memory_bytes

KIBIBYTE = 1024
STATUS = Path("/proc/self/status")  # Linux; VmHWM is the peak of resident memory
KEPT_PAGES, RETURNED_PAGES = 1.75, 1.2  # resident memory / bytes of live tensors, by allocator
MALLINFO2_FIELDS = (
    "arena", "ordblks", "smblks", "hblks", "hblkhd",
    "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
)  # fmt: skip
M_MMAP_MAX, M_TRIM_THRESHOLD, M_ARENA_MAX = -4, -1, -8  # options of glibc's mallopt


@dataclass(frozen=True, kw_only=True)
class Compute:
    """Device and precision that networks run on.

    Attributes:
        device: "cpu" or "cuda".
        bf16: Whether convolutions run in bfloat16 (mixed with float32 where it matters).
    """

    device: str
    bf16: bool

    @property
    def precision(self) -> str:
        """Name of the precision in lightning-fabric."""
        return "bf16-mixed" if self.bf16 else "32-true"


def choose_compute(*, device: str | None = None, precise: bool = False) -> Compute:
    """Choose the device and precision that run networks fastest on this machine.

    bfloat16 is used where the hardware multiplies it faster than float32: GPUs from compute
    capability 8.0, CPUs with AVX-512 BF16 or AMX.

    Args:
        device: "cpu" or "cuda"; None chooses the GPU if there is one.
        precise: Whether to use float32 everywhere.

    Raises:
        SettingsError: This machine has no such device.
    """
    available = ("cuda", "cpu") if torch.cuda.is_available() else ("cpu",)
    chosen = device or available[0]
    if chosen not in available:
        raise SettingsError(
            f"there is no device {chosen!r} on this machine; choose from: {', '.join(available)}"
        )
    return Compute(device=chosen, bf16=not precise and _fast_in_bf16(chosen))


def free_memory_bytes(device: str) -> int:
    """Bytes available to new tensors on `device`, including freed memory that glibc keeps.

    On the CPU, cgroup limits count as the machine's memory.
    """
    if device == "cpu":
        return available_memory_bytes() + _kept_bytes()
    free, _ = torch.cuda.mem_get_info()
    return int(free)


def peak_memory_bytes(device: str) -> int | None:
    """Peak memory of this process on `device` in bytes; None if the system does not report it.

    On the GPU it is the memory of tensors; on the CPU all resident memory, including Python and
    torch. On Linux it is not taken from getrusage, which reports the parent's peak if larger.
    """
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    if STATUS.is_file():
        peak = re.search(r"^VmHWM:\s*(\d+) kB$", STATUS.read_text(), flags=re.MULTILINE)
        return int(peak[1]) * KIBIBYTE if peak else None
    if platform.system() != "Darwin":
        return None
    resource = import_module("resource")  # Windows has none
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def resident_bytes(alive: int, *, device: str) -> int:
    """Estimate the resident memory in bytes when at most `alive` bytes of tensors are live.

    Kept pages leave gaps between tensors of different sizes, and convolutions need workspace.
    Measured with the 3D GAN at seven sizes (benchmarks/growth_xeon_2026-11-26.md).
    """
    return round(alive * (KEPT_PAGES if device == "cpu" and keep_pages() else RETURNED_PAGES))


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether `error` means that torch ran out of memory, on the GPU or the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


@cache
def keep_pages() -> bool:
    """Configure glibc to keep freed memory instead of returning it; return whether it does.

    By default large tensors are mapped and zeroed at each allocation, which costs more than the
    arithmetic: half the time of a volume in float32 (benchmarks/speed_xeon_2026-11-26.md).
    Threads started later share one arena, because additional arenas map large blocks regardless.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL("libc.so.6")
    options = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: -1, M_ARENA_MAX: 1}
    return all(libc.mallopt(option, value) for option, value in options.items())


class _Allocated(ctypes.Structure):
    """The struct mallinfo2 of malloc.h."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in MALLINFO2_FIELDS)


def _kept_bytes() -> int:
    """Freed bytes whose pages glibc keeps; 0 if they are not kept or cannot be counted."""
    if not keep_pages():
        return 0
    libc = ctypes.CDLL("libc.so.6")
    if not hasattr(libc, "mallinfo2"):  # before glibc 2.33
        return 0
    libc.mallinfo2.restype = _Allocated
    return int(libc.mallinfo2().fordblks)


def channels_last(network: nn.Module) -> nn.Module:
    """Convert weights of `network` in place to channels-last order, the fastest to convolve."""
    orders = {4: torch.channels_last, 5: torch.channels_last_3d}
    for parameter in network.parameters():
        if parameter.ndim in orders:
            parameter.data = parameter.data.contiguous(memory_format=orders[parameter.ndim])
    return network


def _fast_in_bf16(device: str) -> bool:
    if device == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
