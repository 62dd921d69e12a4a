"""The `crossvox` command."""

import errno
import gc
import signal
import sys
import warnings
from types import TracebackType
from typing import NoReturn

import cyclopts

from crossvox.errors import CohortWarning, CrossvoxError, FileWarning
from crossvox.version import __version__

COMMANDS = {
    "demo": "Show the whole way on phantoms; some minutes.",
    "phantom": "Write a BIDS folder of heads imaged by physics.",
    "check": "Say what a cohort holds and what is wrong with it.",
    "train": "Learn to synthesize one modality from another.",
    "predict": "Synthesize the target modality of volumes, on their own grids.",
    "evaluate": "Score synthesized volumes against references; write a report.",
    "compare": "Compare runs or folders of volumes in one table, with tests and costs.",
    "export": "Write a model as one file for other engines, without torch and crossvox.",
    "benchmark": "Measure seconds and memory beside the alternatives, in one run.",
    "suite": "Train several experiments on one cohort and compare them.",
    "doctor": "Show versions, devices and memory, and what is missing.",
}
COLLECT_AFTER = 10_000  # new objects; with Python's 700 a tenth of the time to import torch
BAD_USAGE, OUT_OF_MEMORY, INTERRUPTED = 2, 4, 75
NO_MEMORY = ("out of memory", "can't allocate memory")  # torch's words, on the GPU and the CPU

python_format = warnings.formatwarning
app = cyclopts.App(
    name="crossvox",
    version=__version__,
    default_parameter=cyclopts.Parameter(negative=()),
    suppress_keyboard_interrupt=False,
    help="Synthesize a medical volume of one modality from another: train, predict, evaluate.",
)
for name, purpose in COMMANDS.items():
    app.command(f"crossvox.cli.{name}:{name}", name=name, help=purpose)


def main() -> None:
    """Run the command line; every refusal is one line on stderr and an exit code."""
    gc.set_threshold(COLLECT_AFTER)
    warnings.formatwarning = _one_line
    sys.excepthook = _show_unexpected
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.default_int_handler)
    try:
        app(sys.argv[1:], print_error=False, exit_on_error=False)
    except CrossvoxError as error:
        _end(str(error), code=error.exit_code)
    except cyclopts.CycloptsError as error:
        _end(f"{error} See crossvox --help.", code=BAD_USAGE)
    except KeyboardInterrupt:
        _end("stopped; the same command goes on", code=INTERRUPTED)
    except (OSError, MemoryError, RuntimeError) as error:
        _end_or_raise(error)
    finally:
        gc.freeze()  # Python would look for garbage before it ends, for a third of a second


def _end(message: str, *, code: int) -> NoReturn:
    sys.stderr.write(f"crossvox: {' '.join(message.splitlines())}\n")
    sys.exit(code)


def _end_or_raise(error: OSError | MemoryError | RuntimeError) -> NoReturn:
    """End in one line where the machine, not crossvox, is the cause."""
    if isinstance(error, OSError):
        if error.errno != errno.ENAMETOOLONG:
            raise error
        _end(f"{error.filename}: the name is too long for this file system", code=BAD_USAGE)
    if not _is_out_of_memory(error):
        raise error
    _end("out of memory; use a smaller network, patch or window", code=OUT_OF_MEMORY)


def _is_out_of_memory(error: MemoryError | RuntimeError) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY)


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    if issubclass(category, CohortWarning | FileWarning):
        return f"crossvox: warning: {message}\n"
    return python_format(message, category, filename, lineno, line)


def _show_unexpected(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    sys.__excepthook__(kind, error, trace)
    sys.stderr.write("crossvox: this is a defect of crossvox; please report the lines above\n")
