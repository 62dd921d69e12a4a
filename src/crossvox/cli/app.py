"""The `crossvox` command."""

import sys
import warnings
from types import TracebackType

import cyclopts

from crossvox import __version__
from crossvox.errors import CrossvoxError, FileWarning

COMMANDS = {
    "demo": "Show the whole way on phantoms; some minutes.",
    "phantom": "Write a BIDS folder of heads imaged by physics.",
    "check": "Say what a cohort holds and what is wrong with it.",
    "train": "Learn to synthesize one modality from another.",
    "predict": "Synthesize the target modality of volumes, on their own grids.",
    "evaluate": "Score synthesized volumes against references; write a report.",
    "doctor": "Show versions, devices and memory, and what is missing.",
}
OUT_OF_MEMORY, INTERRUPTED = 4, 75

python_format = warnings.formatwarning
app = cyclopts.App(
    name="crossvox",
    version=__version__,
    default_parameter=cyclopts.Parameter(negative=()),
    help="Synthesize a medical volume of one modality from another: train, predict, evaluate.",
)
for name, purpose in COMMANDS.items():
    app.command(f"crossvox.cli.{name}:{name}", name=name, help=purpose)


def main() -> None:
    """Run the command line; every refusal is one line on stderr and an exit code."""
    warnings.formatwarning = _one_line
    sys.excepthook = _show_unexpected
    try:
        app()
    except CrossvoxError as error:
        sys.stderr.write(f"crossvox: {error}\n")
        sys.exit(error.exit_code)
    except MemoryError:
        sys.stderr.write("crossvox: out of memory; use smaller patches or windows\n")
        sys.exit(OUT_OF_MEMORY)
    except KeyboardInterrupt:
        sys.stderr.write("crossvox: stopped\n")
        sys.exit(INTERRUPTED)


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    if issubclass(category, FileWarning):
        return f"crossvox: warning: {message}\n"
    return python_format(message, category, filename, lineno, line)


def _show_unexpected(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    sys.__excepthook__(kind, error, trace)
    sys.stderr.write("crossvox: this is a defect of crossvox; please report the lines above\n")
