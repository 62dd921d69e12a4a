"""One variant in a process of its own, which loads once and works when asked."""

import ctypes
import platform
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from types import TracebackType
from typing import Any, Self, TypeVar

import torch

from crossvox.acceleration.compute import is_out_of_memory, keep_pages, peak_memory_bytes
from crossvox.errors import CrossvoxError, ModelError, ResourceError
from crossvox.variants.cost import Cost
from crossvox.variants.variant import SEED, Setting, Variant, Work

Answer = TypeVar("Answer")
Task = Callable[[Work], Answer]  # a function of a module, done in the process
PATIENCE = 5.0  # seconds that a process may take to end by itself
TURN_SECONDS, TURN_WORKS = 1.0, 5


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One work done.

    Attributes:
        seconds: On the clock.
        page_faults: Pages that had to be mapped meanwhile; None where no one counts them.
        peak_bytes: The most memory its process was resident with until then.
    """

    seconds: float
    page_faults: int | None
    peak_bytes: int | None


def timed(work: Work) -> Measurement:
    """`work` done once."""
    before = _page_faults()
    start = perf_counter()
    work()
    seconds = perf_counter() - start
    after = _page_faults()
    return Measurement(
        seconds=seconds,
        page_faults=None if before is None or after is None else after - before,
        peak_bytes=peak_memory_bytes("cpu"),
    )


def turn(work: Work) -> tuple[Measurement, ...]:
    """`work` done for a second, at least once and at most five times.

    Once before that it does not count: a processor that was idle, or worked for others, begins
    slowly, which can double the time of what is short. Kept pages are released afterwards, so
    that a process that waits holds little more than its weights; the work that does not count
    maps them again.
    """
    work()
    measurements: list[Measurement] = []
    while len(measurements) < TURN_WORKS and sum(it.seconds for it in measurements) < TURN_SECONDS:
        measurements.append(timed(work))
    _release_pages()
    return tuple(measurements)


def counted(_work: Work, *, variant: Variant, setting: Setting) -> Cost | None:
    """Operations and parameters of `variant`; None where it does not count them."""
    return variant.cost(setting) if variant.cost else None


class VariantProcess:
    """A variant's process, loaded; it ends with the `with` block, or with the program.

    Attributes:
        variant: Which.
        failure: Why it could not load or work; nothing more is done by it then.
    """

    def __init__(self, variant: Variant, setting: Setting) -> None:
        self.variant = variant
        self.failure = ""
        self._setting = setting
        context = get_context("spawn")  # a fork would inherit threads and the allocator's setting
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, variant, setting), daemon=True, name=variant.name
        )
        self._process.start()
        theirs.close()
        with suppress(CrossvoxError):  # `failure` has it
            self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close(patience=0.0 if kind else PATIENCE)

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.is_alive()

    def ask(self, task: Task[Answer]) -> Answer:
        """What `task` gives of the variant's work, done in its process.

        Raises:
            ResourceError: It found no memory, or the process was killed.
            ModelError: It failed otherwise.
        """
        if self.failure:
            raise ModelError(self.failure)
        with suppress(OSError):  # its end is told below
            self._connection.send(task)
        answer: Answer = self._answer()
        return answer

    def cost(self) -> Cost | None:
        """Operations and parameters, counted in the process that has imported the networks.

        Raises:
            ModelError: They cannot be counted.
        """
        return self.ask(partial(counted, variant=self.variant, setting=self._setting))

    def close(self, *, patience: float = PATIENCE) -> None:
        """End the process: what it does is done, or it is stopped."""
        self._connection.close()
        self._process.join(patience)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _answer(self) -> Any:  # noqa: ANN401 - whatever the task gives
        try:
            answer = self._connection.recv()
        except (EOFError, OSError):
            answer = self._ended()
        if isinstance(answer, CrossvoxError):
            self.failure = str(answer)
            self.close()
            raise answer
        return answer

    def _ended(self) -> CrossvoxError:
        self._process.join(PATIENCE)
        code = self._process.exitcode
        if code is not None and code < 0:
            return ResourceError(
                f"its process was killed by signal {-code}, as systems do when memory is short:"
                " measure smaller sizes, or fewer variants"
            )
        return ModelError(f"its process ended with {code}; what it said stands above")


def serve(connection: "Connection[Any, Any]", variant: Variant, setting: Setting) -> None:
    """Load `variant`, then do what is asked until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks decides when to stop
    if variant.pages == "kept":
        keep_pages()
    torch.set_num_threads(setting.threads)
    torch.manual_seed(SEED)
    answer: object = None
    work = None
    while not isinstance(answer, CrossvoxError):
        try:
            if work is None:
                work = variant.load(setting)
            else:
                task: Task[object] = connection.recv()
                answer = task(work)
            connection.send(answer)
        except (EOFError, ConnectionError):
            return
        except (CrossvoxError, RuntimeError, ValueError, MemoryError) as error:
            answer = _in_words(error)
            connection.send(answer)


def _in_words(error: Exception) -> CrossvoxError:
    if isinstance(error, CrossvoxError):
        return error
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and is_out_of_memory(error)
    ):
        return ResourceError("out of memory")
    return ModelError(" ".join(str(error).split()) or type(error).__name__)


def _release_pages() -> None:
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _page_faults() -> int | None:
    if platform.system() == "Windows":
        return None
    resource = import_module("resource")  # Windows has none
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
