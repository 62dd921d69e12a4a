"""Time the synthesizer of a run on this machine, in a separate process."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossvox.acceleration.compute import Compute
from crossvox.acceleration.machine import describe_machine
from crossvox.cohort import Case, read_cohort
from crossvox.comparison import Costs
from crossvox.errors import ModelError
from crossvox.files import is_marked, read_sidecar, write_atomically
from crossvox.journey.costs import costs_of_volumes
from crossvox.synthesis.predict import output_path
from crossvox.synthesis.sidecar import up_to_date
from crossvox.synthesis.store import Description

PROCESS = "crossvox.journey.timed_process"
WARM_UP_VOLUMES, TIMED_VOLUMES = 1, 3
MANY_PASSES = 20  # so that the slower first pass takes a small share of the time


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Timing of one synthesizer on one person.

    Attributes:
        run: Path of the trained run's folder.
        description: Description of its synthesizer.
        sources: Paths of the person's source files, by modality.
        passes: Network evaluations per volume.
        compute: Device and precision of the run's evaluation.
        folder: Path of the folder for the synthesized volumes and the measurements.
    """

    run: Path
    description: Description
    sources: Mapping[str, Path]
    passes: int
    compute: Compute
    folder: Path

    def costs(self, *, fresh: bool) -> Costs:
        """Measure seconds and memory, or reuse them for the same weights, person and machine.

        One process synthesizes the same person four times in sequence, and the first time is not
        counted; a method of many passes warms up within its first volume and runs only once.

        Args:
            fresh: Whether to measure again instead of reusing earlier measurements.

        Raises:
            ModelError: The process failed.
        """
        if fresh or not self._has_measurements():
            self._measure()
        volumes = [self._path(case) for case in self._cases()]
        return costs_of_volumes(volumes[-TIMED_VOLUMES:])

    @property
    def _table(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.csv")

    def _text(self) -> str:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("subject", *self.sources))
        files = [str(path.resolve()) for path in self.sources.values()]
        rows = 1 if self.passes >= MANY_PASSES else WARM_UP_VOLUMES + TIMED_VOLUMES
        table.writerows((f"time{row}", *files) for row in range(rows))
        return text.getvalue()

    def _cases(self) -> tuple[Case, ...]:
        return read_cohort(self._table, modalities=tuple(self.sources))

    def _path(self, case: Case) -> Path:
        return output_path(case, self.folder, self.description.preparation)

    def _has_measurements(self) -> bool:
        if not self._table.is_file() or self._table.read_text(encoding="utf-8") != self._text():
            return False
        machine = describe_machine(self.compute)
        return all(
            up_to_date(case, self._path(case), self.description, compute=self.compute)
            and read_sidecar(self._path(case)).get("Machine") == machine
            for case in self._cases()
        )

    def _measure(self) -> None:
        write_atomically(self._table, self._text().encode())
        for path in map(self._path, self._cases()):
            if is_marked(path):  # the process refuses to replace any other file
                path.unlink()
        arguments = {
            "model": str(self.run),
            "sources": str(self._table),
            "out": str(self.folder),
            "device": self.compute.device,
            "precise": not self.compute.bf16,
        }
        command = [sys.executable, "-c", f"from {PROCESS} import synthesize; synthesize()"]
        completed = subprocess.run(  # noqa: S603 - our own module in a fresh process
            command, input=json.dumps(arguments), capture_output=True, text=True, check=False
        )
        if completed.returncode:
            reason = (completed.stderr.strip().splitlines() or ["no error message"])[-1]
            raise ModelError(f"{self.run} could not be timed: {reason}")
