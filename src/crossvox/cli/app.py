"""The `crossvox` command."""

import errno
import gc
import signal
import sys
import warnings
from types import TracebackType
from typing import NoReturn

import cyclopts

from crossvox.cli.benchmark import benchmark
from crossvox.cli.check import check
from crossvox.cli.compare import compare
from crossvox.cli.demo import demo
from crossvox.cli.doctor import doctor
from crossvox.cli.evaluate import evaluate
from crossvox.cli.export import export
from crossvox.cli.phantom import phantom
from crossvox.cli.predict import predict
from crossvox.cli.suite import suite
from crossvox.cli.train import train
from crossvox.errors import CohortWarning, CrossvoxError, FileWarning
from crossvox.version import __version__

COMMANDS = {
    command.__name__: command
    for command in (
        demo,
        phantom,
        check,
        train,
        predict,
        evaluate,
        compare,
        export,
        benchmark,
        suite,
        doctor,
    )
}
GC_THRESHOLD = 10_000  # objects; Python's 700 would add a tenth to the time to import torch
EXIT_CODES = (
    "Exit codes: 0 done, 1 internal error, 2 bad usage or bad data, 3 some cases failed,"
    " 4 out of memory or disk, 75 interrupted and resumable."
)
EXIT_BAD_USAGE, EXIT_OUT_OF_MEMORY, EXIT_INTERRUPTED = 2, 4, 75
MEMORY_MESSAGES = ("out of memory", "can't allocate memory")  # of torch, on the GPU and the CPU

default_format = warnings.formatwarning
app = cyclopts.App(
    name="crossvox",
    version=__version__,
    default_parameter=cyclopts.Parameter(negative=()),
    suppress_keyboard_interrupt=False,
    help="Synthesize a medical volume of one modality from another: train, predict, evaluate.",
    help_epilogue=EXIT_CODES,
)
for place, command in enumerate(COMMANDS.values()):
    app.command(command, sort_key=place)


def main() -> None:
    """Run the command line; report every expected error as one line on stderr and an exit code."""
    gc.set_threshold(GC_THRESHOLD)
    warnings.formatwarning = _one_line
    sys.excepthook = _show_unexpected
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.default_int_handler)
    try:
        app(sys.argv[1:], print_error=False, exit_on_error=False)
    except CrossvoxError as error:
        _end(str(error), code=error.exit_code)
    except cyclopts.CycloptsError as error:
        _end(f"{error} See crossvox --help.", code=EXIT_BAD_USAGE)
    except KeyboardInterrupt:
        _end("stopped; run the same command again to resume", code=EXIT_INTERRUPTED)
    except (OSError, MemoryError, RuntimeError) as error:
        _end_or_raise(error)
    finally:
        gc.freeze()  # skips the garbage collection at exit, which takes a third of a second


def _end(message: str, *, code: int) -> NoReturn:
    sys.stderr.write(f"crossvox: {' '.join(message.splitlines())}\n")
    sys.exit(code)


def _end_or_raise(error: OSError | MemoryError | RuntimeError) -> NoReturn:
    """Exit with a one-line message for a known cause; re-raise anything else as a bug."""
    if isinstance(error, OSError):
        if error.errno != errno.ENAMETOOLONG:
            raise error
        _end(f"{error.filename}: the name is too long for this file system", code=EXIT_BAD_USAGE)
    if not _is_out_of_memory(error):
        raise error
    _end("out of memory; use a smaller network, patch or window", code=EXIT_OUT_OF_MEMORY)


def _is_out_of_memory(error: MemoryError | RuntimeError) -> bool:
    message = str(error)
    return isinstance(error, MemoryError) or any(words in message for words in MEMORY_MESSAGES)


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    if issubclass(category, CohortWarning | FileWarning):
        return f"crossvox: warning: {message}\n"
    return default_format(message, category, filename, lineno, line)


def _show_unexpected(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    sys.__excepthook__(kind, error, trace)
    sys.stderr.write("crossvox: this is a bug in crossvox; please report the lines above\n")
