"""Running the package with `python -m crossvox`."""

import subprocess
import sys


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "crossvox", "--version"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.strip()
    assert (
        "Usage"
        in subprocess.run(
            [*command[:-1], "--help"], capture_output=True, text=True, check=True
        ).stdout
    )
