"""Handle stop signals between steps, and immediately during long work such as validation."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Self, TypeVar, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
Result = TypeVar("Result")


class _Aborted(BaseException):
    """Aborts the work of `abortable`; a BaseException, so that no error handler catches it."""


class Interruption:
    """Context in which SIGTERM, SIGINT and SIGUSR1 are recorded as requests to stop."""

    def __init__(self) -> None:
        self._stop_requested = self._at_once = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # from signal.signal

    def agreed(self, fabric: Fabric) -> bool:
        """Whether any process was asked to stop; the same in all processes."""
        if fabric.world_size == 1:
            return self._stop_requested
        requested = torch.tensor(float(self._stop_requested), device=fabric.device)
        return bool(cast("Tensor", fabric.all_reduce(requested, reduce_op="sum")) > 0)

    def abortable(self, work: Callable[[], Result]) -> Result | None:
        """Result of `work`; None if a request to stop came before it or aborted it."""
        try:
            self._at_once = True
            return None if self._stop_requested else work()
        except _Aborted:
            return None
        finally:
            self._at_once = False

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_requested = True
        if self._at_once:
            self._at_once = False
            raise _Aborted
