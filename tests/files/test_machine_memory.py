"""Free memory under the limits of cgroups."""

from pathlib import Path

import psutil
import pytest

from crossvox.files.machine_memory import Cgroups, available_memory_bytes

LIMIT, USED = 200_000_000, 50_000_000  # bytes, less than any test machine has free


def tree(root: Path, *, member: str, files: dict[str, str]) -> Cgroups:
    """Fake /proc/self/cgroup and /sys/fs/cgroup."""
    membership = root / "cgroup"
    membership.write_text(member)
    for name, text in files.items():
        path = root / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Cgroups(membership=membership, root=root / "fs")


def test_without_cgroups_the_machines_free_memory_counts(tmp_path: Path) -> None:
    nowhere = Cgroups(membership=tmp_path / "absent", root=tmp_path)
    # Other processes use memory between the two measurements.
    free = psutil.virtual_memory().available
    assert available_memory_bytes(cgroups=nowhere) == pytest.approx(free, rel=0.5)


@pytest.mark.parametrize(
    ("member", "folder", "limit", "usage"),
    [
        ("0::/\n", "", "memory.max", "memory.current"),
        ("0::/job/step\n", "job/step/", "memory.max", "memory.current"),
        ("0::/job/step\n", "job/", "memory.max", "memory.current"),
        ("0::/host/path\n", "", "memory.max", "memory.current"),
        ("0::/../..\n", "", "memory.max", "memory.current"),
        (
            "5:cpu:/x\n9:memory,hugetlb:/slurm/job\n0::/x\n",
            "memory/slurm/job/",
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
        ),
        ("9:memory:/docker/ab\n", "memory/", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ],
)
def test_what_a_cgroup_or_one_above_it_allows_is_the_machines_memory(
    tmp_path: Path, member: str, folder: str, limit: str, usage: str
) -> None:
    files = {f"{folder}{limit}": f"{LIMIT}\n", f"{folder}{usage}": f"{USED}\n"}
    cgroups = tree(tmp_path, member=member, files=files)
    assert available_memory_bytes(cgroups=cgroups) == LIMIT - USED


def test_the_tightest_of_nested_groups_counts(tmp_path: Path) -> None:
    files = {
        "memory.max": "300000000",
        "memory.current": "250000000",
        "job/memory.max": f"{LIMIT}",
        "job/memory.current": f"{USED}",
    }
    assert available_memory_bytes(cgroups=tree(tmp_path, member="0::/job", files=files)) == 50e6


@pytest.mark.parametrize("limit", ["max\n", "9223372036854771712\n", "", "many"])
def test_no_limit_is_none(tmp_path: Path, limit: str) -> None:
    files = {
        "memory.max": limit,
        "memory.current": f"{USED}",
        "memory/memory.limit_in_bytes": limit,
        "memory/memory.usage_in_bytes": f"{USED}",
    }
    cgroups = tree(tmp_path, member="0::/\n3:memory:/\n", files=files)
    assert available_memory_bytes(cgroups=cgroups) > LIMIT


def test_file_cache_that_the_kernel_gives_up_is_free(tmp_path: Path) -> None:
    files = {
        "memory.max": f"{LIMIT}",
        "memory.current": f"{USED}",
        "memory.stat": "anon 1\ninactive_file 30000000\nactive_file 7\n",
    }
    cgroups = tree(tmp_path, member="0::/", files=files)
    assert available_memory_bytes(cgroups=cgroups) == LIMIT - USED + 30_000_000


def test_a_group_over_its_limit_has_nothing_left(tmp_path: Path) -> None:
    files = {"memory.max": f"{USED}", "memory.current": f"{LIMIT}"}
    assert available_memory_bytes(cgroups=tree(tmp_path, member="0::/", files=files)) == 0
