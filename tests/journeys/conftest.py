"""Whole commands as real processes on the phantom, and what one journey leaves for the next."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CROSSVOX = str(Path(sys.executable).with_name("crossvox"))
TINY = (
    *("--source", "FLAIR", "--target", "T1w"),
    *("--set", "method.width=4", "--set", "method.depth=2"),
    *("--set", "method.discriminator_width=4", "--set", "method.discriminator_levels=2"),
    *("--set", "training.patch=[16,16,16]", "--set", "training.batch=2"),
    *("--set", "training.validate_every=100", "--set", "training.precision=32-true"),
)
BLOCK_BYTES = 512  # what `ulimit -f` counts in, by POSIX

Command = Callable[..., subprocess.CompletedProcess[str]]


def environment() -> dict[str, str]:
    """One thread each: several workers share the machine."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen[str]]:
    """`crossvox WORDS…` as a process that goes on."""

    def begin(*words: str | Path) -> subprocess.Popen[str]:
        command = [CROSSVOX, *map(str, words)]
        return subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            # A shell that runs the tests in the background has them ignore SIGINT.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads here
        )

    return begin


@pytest.fixture(scope="session")
def crossvox() -> Command:
    """`crossvox WORDS…` as a process that has ended."""

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [CROSSVOX, *map(str, words)]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment(), check=False
        )

    return run


@pytest.fixture(scope="session")
def crossvox_on_a_full_disk() -> Command:
    """The same where no file can grow above `largest_bytes`, which a full quota looks like."""

    def run(*words: str | Path, largest_bytes: int) -> subprocess.CompletedProcess[str]:
        blocks = str(largest_bytes // BLOCK_BYTES)
        command = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', blocks, CROSSVOX, *map(str, words)]
        # coverage could not write its own file either
        variables = {k: v for k, v in environment().items() if not k.startswith("COV")}
        return subprocess.run(command, capture_output=True, text=True, env=variables, check=False)

    return run


@pytest.fixture(scope="session")
def tiny() -> tuple[str, ...]:
    """Options of the smallest training."""
    return TINY


@pytest.fixture(scope="session")
def data(crossvox: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people of 32 voxels a side, made by `crossvox phantom`."""
    folder = tmp_path_factory.mktemp("journey") / "data"
    assert crossvox("phantom", folder, "--cases", "6", "--size", "32").returncode == 0
    return folder


@pytest.fixture(scope="session")
def run(crossvox: Command, data: Path) -> Path:
    """A run of four steps, made by `crossvox train`."""
    folder = data.parent / "run"
    ended = crossvox("train", data, folder, *TINY, "--set", "training.steps=4")
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope="session")
def predicted(crossvox: Command, data: Path, run: Path) -> Path:
    """BIDS derivatives of all six people, made by `crossvox predict`."""
    folder = data.parent / "predicted"
    ended = crossvox("predict", run, data, folder)
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == 6
    return folder
