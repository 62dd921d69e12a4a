"""How much memory a process may still take: what the machine has left, and its cgroups allow."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

UNLIMITED = 1 << 60  # bytes; version 1 writes a number near 2**63 where nothing is limited


@dataclass(frozen=True, kw_only=True)
class Cgroups:
    """Where Linux tells about control groups.

    Attributes:
        membership: File with the groups of this process.
        root: Where the hierarchies are mounted.
    """

    membership: Path = Path("/proc/self/cgroup")
    root: Path = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """File names of one version of cgroups.

    Attributes:
        mount: Folder of the memory controller below the root.
        limit: File with the limit in bytes.
        usage: File with the bytes in use.
        reclaimable: Line of memory.stat with the file cache that the kernel gives up first.
    """

    mount: str
    limit: str
    usage: str
    reclaimable: str


VERSION_1 = _Layout(
    mount="memory",
    limit="memory.limit_in_bytes",
    usage="memory.usage_in_bytes",
    reclaimable="total_inactive_file",
)
VERSION_2 = _Layout(
    mount="", limit="memory.max", usage="memory.current", reclaimable="inactive_file"
)
HERE = Cgroups()


def available_memory_bytes(*, cgroups: Cgroups = HERE) -> int:
    """Memory that can still be taken without swapping or being killed.

    A container or batch job is killed at the limit of its cgroup or of any group above it, so
    the tightest of them and the machine's free memory counts.

    Args:
        cgroups: Where Linux tells about them; no limits where it does not.
    """
    return min([int(psutil.virtual_memory().available), *_left_in_groups(cgroups)])


def _left_in_groups(cgroups: Cgroups) -> Iterator[int]:
    for layout, path in _memberships(cgroups.membership):
        mount = cgroups.root / layout.mount
        # In a container without a namespace of its own the path is the host's, and the mount
        # shows the container's group: those folders that exist count.
        for group in (path, *path.parents):
            left = _left_in(mount / group, layout)
            if left is not None:
                yield left


def _memberships(file: Path) -> Iterator[tuple[_Layout, PurePosixPath]]:
    """The memory groups of this process, relative to the mount: lines are number:controllers:path.

    Source: cgroups(7), "/proc files".
    """
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        below = PurePosixPath(*(part for part in PurePosixPath(path).parts if part not in "/.."))
        if not controllers:
            yield VERSION_2, below
        elif "memory" in controllers.split(","):
            yield VERSION_1, below


def _left_in(folder: Path, layout: _Layout) -> int | None:
    """Bytes until the limit of a group; None where it has none."""
    limit, usage = _number(folder / layout.limit), _number(folder / layout.usage)
    if limit is None or usage is None or limit >= UNLIMITED:
        return None
    return max(0, limit - usage + _reclaimable(folder / "memory.stat", layout.reclaimable))


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # "max" is no limit
        return None


def _reclaimable(file: Path, name: str) -> int:
    try:
        entries = dict(line.split(" ", 1) for line in file.read_text().splitlines() if " " in line)
        return int(entries.get(name, 0))
    except (OSError, ValueError):
        return 0
