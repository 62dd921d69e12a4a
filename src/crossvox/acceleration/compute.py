"""The machine at hand: device, precision, memory."""

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
STATUS = Path("/proc/self/status")  # Linux: VmHWM is the height of resident memory
KEPT_PAGES, OTHERWISE = 1.75, 1.2  # resident over alive
MALLINFO2 = (
    "arena", "ordblks", "smblks", "hblks", "hblkhd",
    "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
)  # fmt: skip
M_MMAP_MAX, M_TRIM_THRESHOLD, M_ARENA_MAX = -4, -1, -8  # malloc.h of glibc


@dataclass(frozen=True, kw_only=True)
class Compute:
    """Where and how networks run.

    Attributes:
        device: "cpu" or "cuda".
        bf16: Whether convolutions run in bfloat16 (mixed with float32 where it matters).
    """

    device: str
    bf16: bool

    @property
    def precision(self) -> str:
        """The name lightning-fabric has for it."""
        return "bf16-mixed" if self.bf16 else "32-true"


def compute_at_hand(*, device: str | None = None, precise: bool = False) -> Compute:
    """The fastest honest way to run networks here.

    bfloat16 is used where the hardware multiplies it faster than float32: GPUs from compute
    capability 8.0, CPUs with AVX-512 BF16 or AMX.

    Args:
        device: "cpu" or "cuda"; the GPU where there is one, if None.
        precise: float32 everywhere.

    Raises:
        SettingsError: There is no such device here.
    """
    here = ("cuda", "cpu") if torch.cuda.is_available() else ("cpu",)
    chosen = device or here[0]
    if chosen not in here:
        raise SettingsError(f"there is no device {chosen!r} here; there is: {', '.join(here)}")
    return Compute(device=chosen, bf16=not precise and _fast_in_bf16(chosen))


def free_memory_bytes(device: str) -> int:
    """Memory a new tensor can have on `device`: what is available, and what glibc keeps for us.

    On the CPU the limits of cgroups count as the machine's.
    """
    if device == "cpu":
        return available_memory_bytes() + _kept_bytes()
    free, _ = torch.cuda.mem_get_info()
    return int(free)


def peak_memory_bytes(device: str) -> int | None:
    """The most memory that this process has held on `device`; None where no one counts it.

    On the GPU what tensors held; on the CPU all that was resident, Python and torch included.
    Linux has getrusage say the height of the parent where that is larger, so it is not asked.
    """
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    if STATUS.is_file():
        found = re.search(r"^VmHWM:\s*(\d+) kB$", STATUS.read_text(), flags=re.MULTILINE)
        return int(found[1]) * KIBIBYTE if found else None
    if platform.system() != "Darwin":
        return None
    resource = import_module("resource")  # Windows has none
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def resident_bytes(alive: int, *, device: str) -> int:
    """Memory that a device gives away for tensors of which `alive` bytes live at once.

    Kept pages leave gaps between tensors of different sizes, and convolutions need some memory
    inside: measured with the 3D GAN at seven sizes (benchmarks/growth_xeon_2026-11-26.md).
    """
    return round(alive * (KEPT_PAGES if device == "cpu" and keep_pages() else OTHERWISE))


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch failed for want of memory, on the GPU or the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


@cache
def keep_pages() -> bool:
    """Ask glibc to keep freed memory instead of returning it, and say whether it does.

    Large tensors are otherwise mapped and cleared anew at each allocation, which costs more
    than the arithmetic: half the time of a volume in float32
    (benchmarks/speed_xeon_2026-11-26.md). Threads that begin later share one arena, because
    others map what is large, whatever is asked.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL("libc.so.6")
    asked = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: -1, M_ARENA_MAX: 1}
    return all(libc.mallopt(option, value) for option, value in asked.items())


class _Allocated(ctypes.Structure):
    """struct mallinfo2 of malloc.h."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in MALLINFO2)


def _kept_bytes() -> int:
    """Bytes that were freed and whose pages are kept; 0 where nobody can say."""
    if not keep_pages():
        return 0
    libc = ctypes.CDLL("libc.so.6")
    if not hasattr(libc, "mallinfo2"):  # before glibc 2.33
        return 0
    libc.mallinfo2.restype = _Allocated
    return int(libc.mallinfo2().fordblks)


def channels_last(network: nn.Module) -> nn.Module:
    """`network` with its weights in the memory order that convolutions are fastest in."""
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
