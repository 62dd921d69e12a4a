"""A process for one variant, which loads it once and measures on request."""

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
Task = Callable[[Work], Answer]  # module-level function, run in the process
PATIENCE = 5.0  # seconds that a process may take to exit by itself
TURN_SECONDS, TURN_WORKS = 1.0, 5  # a turn ends when either is reached


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Measurement of one call of the work.

    Attributes:
        seconds: Wall-clock time.
        page_faults: Number of minor page faults; None if the system does not count them.
        peak_bytes: Peak resident memory of the process so far; None if it is not reported.
    """

    seconds: float
    page_faults: int | None
    peak_bytes: int | None


def timed(work: Work) -> Measurement:
    """Run `work` once and measure it."""
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
    """Measure `work` repeatedly for a second, at least once and at most five times.

    A warm-up run is not counted, because a processor that was idle or busy with other processes
    starts slowly, which can double the time of short work. Kept pages are released afterwards, so a
    waiting process holds little more than its weights; the warm-up maps them again.
    """
    work()
    measurements: list[Measurement] = []
    while len(measurements) < TURN_WORKS and sum(m.seconds for m in measurements) < TURN_SECONDS:
        measurements.append(timed(work))
    _release_pages()
    return tuple(measurements)


def counted(_work: Work, *, variant: Variant, setting: Setting) -> Cost | None:
    """Count operations and parameters of `variant`; None if it has no cost function."""
    return variant.cost(setting) if variant.cost else None


class VariantProcess:
    """Process with a loaded variant; it ends with the `with` block or the program.

    Attributes:
        variant: Variant that the process runs.
        failure: Reason why loading or working failed; empty while the process is usable.
    """

    def __init__(self, variant: Variant, setting: Setting) -> None:
        self.variant = variant
        self.failure = ""
        self._setting = setting
        context = get_context("spawn")  # a fork would inherit threads and the allocator's setting
        self._connection, child_connection = context.Pipe()
        self._process = context.Process(
            target=serve, args=(child_connection, variant, setting), daemon=True, name=variant.name
        )
        self._process.start()
        child_connection.close()
        with suppress(CrossvoxError):  # stored in `failure`
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
        """Whether the process is running."""
        return self._process.is_alive()

    def ask(self, task: Task[Answer]) -> Answer:
        """Run `task` on the variant's work in its process and return the result.

        Raises:
            ResourceError: Memory ran out, or the process was killed.
            ModelError: The task failed for another reason, or the process failed before.
        """
        if self.failure:
            raise ModelError(self.failure)
        with suppress(OSError):  # `_answer` reports a process that has ended
            self._connection.send(task)
        answer: Answer = self._answer()
        return answer

    def cost(self) -> Cost | None:
        """Count operations and parameters in the process, which has imported the networks.

        Raises:
            ModelError: Counting failed.
        """
        return self.ask(partial(counted, variant=self.variant, setting=self._setting))

    def close(self, *, patience: float = PATIENCE) -> None:
        """Wait up to `patience` seconds for the process to exit, then kill it."""
        self._connection.close()
        self._process.join(patience)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _answer(self) -> Any:  # noqa: ANN401 - any result of a task
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
                f"the process was killed by signal {-code}, probably because memory ran out:"
                " measure smaller sizes or fewer variants"
            )
        return ModelError(f"the process ended with exit code {code}; see its output above")


def serve(connection: "Connection[Any, Any]", variant: Variant, setting: Setting) -> None:
    """Load `variant`, then run the tasks from `connection` until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides when to stop
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
