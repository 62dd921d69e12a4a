"""The process whose memory is measured."""

import subprocess
import sys

HEAVY = ("matplotlib", "jinja2", "lightning_fabric", "rich")


def test_it_loads_nothing_that_synthesis_does_not_need() -> None:
    code = "import sys, crossvox.journey.timed_process; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert [name for name in HEAVY if name in loaded] == []
