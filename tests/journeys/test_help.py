"""`crossvox --help` is at hand at once."""

import os
import subprocess
import sys
from pathlib import Path

from crossvox.cli.app import COMMANDS

TRIES, SECONDS = 5, 0.5
HEAVY = ("torch", "numpy", "nibabel", "scipy", "matplotlib", "rich.progress")
MODULES_AFTER_HELP = """
import sys
from crossvox.cli.app import main
sys.argv = ["crossvox", *{words!r}]
try:
    main()
except SystemExit:
    print()
print("loaded:", [name for name in {heavy!r} if name in sys.modules])
"""


def seconds_of_help() -> float:
    """Processor time of one `crossvox --help`, which other processes do not lengthen."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [str(Path(sys.executable).with_name("crossvox")), "--help"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=clean)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def loaded_by(*words: str, heavy: tuple[str, ...]) -> str:
    code = MODULES_AFTER_HELP.format(words=words, heavy=heavy)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ended.stdout.splitlines()[-1]


def test_help_takes_less_than_half_a_second() -> None:
    assert min(seconds_of_help() for _ in range(TRIES)) < SECONDS


def test_help_loads_nothing_heavy() -> None:
    assert loaded_by("--help", heavy=HEAVY) == "loaded: []"


def test_a_heavy_module_would_be_seen() -> None:
    assert loaded_by("doctor", heavy=("torch",)) == "loaded: ['torch']"


def test_help_of_no_command_loads_torch() -> None:
    for name in COMMANDS:
        assert loaded_by(name, "--help", heavy=("torch", "nibabel")) == "loaded: []", name
