"""Memory that this process can still use, within the machine's free memory and its cgroups."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

UNLIMITED = 1 << 60  # bytes; cgroups version 1 writes a number near 2**63 for no limit


@dataclass(frozen=True, kw_only=True)
class Cgroups:
    """Paths of Linux control groups.

    Attributes:
        membership: File that lists the groups of this process.
        root: Folder where the hierarchies are mounted.
    """

    membership: Path = Path("/proc/self/cgroup")
    root: Path = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """File names in one version of cgroups.

    Attributes:
        mount: Folder of the memory controller below the root.
        limit: File with the limit in bytes.
        usage: File with the usage in bytes.
        reclaimable: Key in memory.stat of the file cache that the kernel reclaims first.
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
DEFAULT_CGROUPS = Cgroups()


def available_memory_bytes(*, cgroups: Cgroups = DEFAULT_CGROUPS) -> int:
    """Memory that this process can still use without swapping or being killed.

    A container or batch job is killed at the limit of its cgroup or of any group above it, so the
    result is the least of the machine's free memory and what is left in each of these groups.

    Args:
        cgroups: Paths of the control groups; without such files there is no limit.
    """
    return min([int(psutil.virtual_memory().available), *_left_in_groups(cgroups)])


def _left_in_groups(cgroups: Cgroups) -> Iterator[int]:
    for layout, path in _memberships(cgroups.membership):
        mount = cgroups.root / layout.mount
        # In a container without its own namespace the path is the host's but the mount shows the
        # container's group, so only some of these folders exist.
        for group in (path, *path.parents):
            left = _left_in(mount / group, layout)
            if left is not None:
                yield left


def _memberships(file: Path) -> Iterator[tuple[_Layout, PurePosixPath]]:
    """Memory groups of this process, relative to the mount, from lines number:controllers:path.

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
    """Bytes left below the limit of a group; None without a limit."""
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
