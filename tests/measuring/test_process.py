"""One variant in a process of its own."""

import platform
import sys
import time
from dataclasses import replace
from functools import partial
from mmap import mmap
from multiprocessing import active_children
from typing import cast

import psutil
import pytest
import torch

from crossvox.acceleration.compute import keep_pages
from crossvox.errors import ModelError, ResourceError, SettingsError
from crossvox.measuring.growth import plan_of
from crossvox.measuring.process import (
    TURN_SECONDS,
    TURN_WORKS,
    Measurement,
    Task,
    VariantProcess,
    timed,
    turn,
)
from crossvox.variants.ceilings import CEILINGS, convolution
from crossvox.variants.variant import Setting, Variant

QUICK = CEILINGS[0]
SIZE = 50_000_000  # bytes


def test_a_work_is_timed_with_its_faults_and_the_memory_of_its_process() -> None:
    def touched() -> None:
        with mmap(-1, SIZE) as pages:  # never memory that was kept from before
            pages.write(bytes(SIZE))

    found = timed(touched)
    assert 0 < found.seconds < 10
    if platform.system() == "Linux":
        assert found.page_faults is not None
        assert found.page_faults > 0
        assert found.peak_bytes is not None
        assert found.peak_bytes > SIZE


@pytest.mark.parametrize(("seconds", "works"), [(0.0, TURN_WORKS), (1.1 * TURN_SECONDS, 1)])
def test_a_turn_is_a_work_to_warm_up_and_then_a_second(seconds: float, works: int) -> None:
    done: list[float] = []

    def work() -> None:
        done.append(seconds)
        time.sleep(seconds if len(done) > 1 else 0)

    assert len(turn(work)) == works
    assert len(done) == 1 + works


def test_a_turn_leaves_no_pages_that_its_works_have_freed() -> None:
    def work() -> None:
        torch.ones(SIZE // 4)

    keep_pages()
    turn(work)
    before = psutil.Process().memory_info().rss
    work()
    held = psutil.Process().memory_info().rss - before
    turn(work)
    left = psutil.Process().memory_info().rss - before
    assert held > 0.9 * SIZE  # kept until the end of a turn
    assert left < 0.1 * SIZE


@pytest.mark.slow
def test_a_process_counts_what_its_variant_costs(small: Setting) -> None:
    with VariantProcess(QUICK, small) as process:
        assert QUICK.cost
        assert process.cost() == QUICK.cost(small)
    with VariantProcess(replace(QUICK, cost=None), small) as process:
        assert process.cost() is None


@pytest.mark.slow
def test_a_process_works_when_asked_and_ends_with_its_block(small: Setting) -> None:
    with VariantProcess(QUICK, small) as process:
        assert process.failure == ""
        found = [process.ask(timed) for _ in range(2)]
        assert all(isinstance(one, Measurement) and one.seconds > 0 for one in found)
        assert process.alive
    assert not process.alive


@pytest.mark.slow
def test_a_refusal_is_that_of_the_process_and_ends_it(small: Setting) -> None:
    with VariantProcess(QUICK, small) as process:
        with pytest.raises(SettingsError, match="only the work of `whole_cube` has a plan"):
            process.ask(plan_of)
        assert not process.alive
        with pytest.raises(ModelError, match="only the work of `whole_cube` has a plan"):
            process.ask(timed)


def test_what_cannot_be_loaded_says_why(small: Setting) -> None:
    broken = Variant(
        name="broken", group="ours", load=partial(convolution, channels=-1), pages="returned"
    )
    with VariantProcess(broken, small) as process:
        assert "negative dimension" in process.failure
        assert not process.alive


@pytest.mark.slow
def test_a_process_that_ends_by_itself_is_not_blamed_on_memory(small: Setting) -> None:
    process = VariantProcess(QUICK, small)
    with process, pytest.raises(ModelError, match="ended with exit code 1"):
        process.ask(cast("Task[object]", sys.exit))


@pytest.mark.slow
def test_a_process_that_was_killed_may_have_wanted_memory(small: Setting) -> None:
    with VariantProcess(QUICK, small) as process:
        for child in active_children():
            child.kill()
        with pytest.raises(ResourceError, match="killed by signal 9"):
            process.ask(timed)
