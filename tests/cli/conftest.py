"""The command line in this process."""

import signal
import sys
import warnings
from collections.abc import Callable, Iterator

import pytest

from crossvox.cli.app import main


@pytest.fixture
def crossvox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """`crossvox WORDS…` in this process: its exit code."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGUSR1)}

    def run(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["crossvox", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)
