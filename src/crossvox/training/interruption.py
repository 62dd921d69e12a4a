"""Requests to stop, heard between steps, and at once where a step waits for long work."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Self, TypeVar, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
Result = TypeVar("Result")


class _GivenUp(BaseException):
    """Ends the work that `unless_asked` watches; no handler of errors may hold it up."""


class Interruption:
    """Within it SIGTERM, SIGINT and SIGUSR1 are noted instead of obeyed."""

    def __init__(self) -> None:
        self._asked = self._at_once = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # as signal.signal gave it

    def agreed(self, fabric: Fabric) -> bool:
        """Whether any process was asked to stop; the same answer in all of them."""
        if fabric.world_size == 1:
            return self._asked
        asked = torch.tensor(float(self._asked), device=fabric.device)
        return bool(cast("Tensor", fabric.all_reduce(asked, reduce_op="sum")) > 0)

    def unless_asked(self, work: Callable[[], Result]) -> Result | None:
        """What `work` returns; None where a request came before or gave it up amidst."""
        try:
            self._at_once = True
            return None if self._asked else work()
        except _GivenUp:
            return None
        finally:
            self._at_once = False

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True
        if self._at_once:
            self._at_once = False
            raise _GivenUp
