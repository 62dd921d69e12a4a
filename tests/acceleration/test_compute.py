"""The machine at hand."""

import resource
import subprocess
import sys

import pytest
import torch
from torch import nn

from crossvox.acceleration.compute import (
    channels_last,
    choose_compute,
    free_memory_bytes,
    keep_pages,
    resident_bytes,
)


def test_precise_means_float32() -> None:
    compute = choose_compute(device="cpu", precise=True)
    assert not compute.bf16
    assert compute.precision == "32-true"


def test_precision_is_named_as_fabric_names_it() -> None:
    assert choose_compute(device="cpu").precision in {"bf16-mixed", "32-true"}


def test_there_is_memory() -> None:
    assert free_memory_bytes("cpu") > 2**20


HEIGHT = """
import torch
from crossvox.acceleration.compute import peak_memory_bytes
before = peak_memory_bytes("cpu")
torch.ones(2**29, dtype=torch.uint8)
print(peak_memory_bytes("cpu") - before)
"""


def test_the_most_memory_held_counts_what_a_tensor_took() -> None:
    # in a process of its own: what this one has kept would be taken again
    ended = subprocess.run(
        [sys.executable, "-c", HEIGHT], capture_output=True, text=True, check=True
    )
    assert 2**28 < int(ended.stdout) < 2**30


def test_a_process_does_not_inherit_the_height_of_the_one_that_started_it() -> None:
    held = torch.ones(2**29, dtype=torch.uint8)
    del held
    asked = "from crossvox.acceleration.compute import peak_memory_bytes as p; print(p('cpu'))"
    ended = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    # Python with torch is a quarter of a GiB
    assert 2**26 < int(ended.stdout) < 2**29


FREED = """
import torch
from crossvox.acceleration.compute import free_memory_bytes, keep_pages

keep_pages()
for _ in range(4):
    held = torch.ones(2**29, dtype=torch.uint8)
    taken = free_memory_bytes("cpu")
    del held
    print(free_memory_bytes("cpu") - taken)
"""


@pytest.mark.skipif(not keep_pages(), reason="no glibc, so nothing is kept")
def test_what_was_freed_and_is_kept_counts_as_free() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FREED], capture_output=True, text=True, check=True
    )
    # as much as was freed, but for what other processes take meanwhile, which is not each time
    assert max(int(line) for line in ended.stdout.split()) > 2**28


KEPT = """
import resource, threading, torch
from crossvox.acceleration.compute import keep_pages

def map_twice():
    large = torch.ones(2**27, dtype=torch.uint8)
    del large
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    # smaller, since glibc may keep a few aligned bytes of what was freed
    torch.ones(2**27 - 2**20, dtype=torch.uint8)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

keep_pages()
map_twice()
thread = threading.Thread(target=map_twice)
thread.start()
thread.join()
try:
    torch.empty(2**60, dtype=torch.uint8)
except RuntimeError:
    map_twice()
"""


@pytest.mark.skipif(not keep_pages(), reason="no glibc, so nothing is kept")
def test_kept_pages_are_not_mapped_again_in_threads_or_after_memory_was_short() -> None:
    ended = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, text=True, check=True)
    mapped = [int(line) for line in ended.stdout.split()]
    assert len(mapped) == 3
    assert max(mapped) < 2**27 / resource.getpagesize() / 10


def test_channels_last_changes_the_order_and_not_the_values() -> None:
    network = nn.Conv3d(2, 3, 3)
    before = network.weight.clone()
    channels_last(network)
    assert torch.equal(before, network.weight)
    assert network.weight.is_contiguous(memory_format=torch.channels_last_3d)


def test_what_is_resident_is_more_than_what_is_alive() -> None:
    assert resident_bytes(2**20, device="cpu") > 2**20
