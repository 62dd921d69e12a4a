"""Requests to stop are heard between steps."""

import os
import signal

import pytest
from lightning_fabric import Fabric

from crossvox.training.interruption import SIGNALS, Interruption


@pytest.fixture
def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_noted_instead_of_obeyed(fabric: Fabric, number: signal.Signals) -> None:
    with Interruption() as interruption:
        assert not interruption.agreed(fabric)
        os.kill(os.getpid(), number)
        assert interruption.agreed(fabric)
        assert interruption.agreed(fabric)  # it stays asked for


def test_what_signals_did_before_they_do_again(fabric: Fabric) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interruption():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before
    with Interruption() as second:
        assert not second.agreed(fabric)


def test_handlers_come_back_after_a_failure_too() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), Interruption():
        _ = 1 / int("0")
    assert signal.getsignal(signal.SIGTERM) == before


def test_work_that_is_not_asked_to_stop_ends_with_its_result() -> None:
    with Interruption() as interruption:
        assert interruption.abortable(lambda: 7) == 7


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_gives_work_up_where_it_stands(fabric: Fabric, number: signal.Signals) -> None:
    done = []

    def work() -> int:
        done.append("before")
        os.kill(os.getpid(), number)
        done.append("after")
        return 7

    with Interruption() as interruption:
        assert interruption.abortable(work) is None
        assert interruption.agreed(fabric)
        os.kill(os.getpid(), number)  # noted only, once no work is watched
    assert done == ["before"]


def test_work_is_not_begun_after_a_request() -> None:
    done = []
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.abortable(lambda: done.append("begun")) is None
    assert done == []
