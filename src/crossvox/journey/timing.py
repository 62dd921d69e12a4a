"""How long a run's synthesizer takes here and now, in a process of its own."""

import csv
import io
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossvox.acceleration.compute import Compute
from crossvox.acceleration.machine import machine_in_words
from crossvox.cohort import Case, read_cohort
from crossvox.comparison import Costs
from crossvox.errors import ModelError
from crossvox.files import is_marked, read_sidecar, write_atomically
from crossvox.journey.costs import costs_of_volumes
from crossvox.synthesis.predict import output_path
from crossvox.synthesis.sidecar import up_to_date
from crossvox.synthesis.store import Description

WARM_UP, TIMED = 1, 3
MANY_PASSES = 20  # of which the first, slower one is no twentieth


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One synthesizer to be timed on one person.

    Attributes:
        run: Folder of the trained run.
        description: Of its synthesizer.
        sources: The person's files by modality.
        passes: Network evaluations that a volume takes.
        compute: Where and how it ran when it was evaluated.
        folder: Keeps what was synthesized, and so what was measured.
    """

    run: Path
    description: Description
    sources: Mapping[str, Path]
    passes: int
    compute: Compute
    folder: Path

    def costs(self, *, fresh: bool) -> Costs:
        """Seconds and memory, kept from before for the same weights, person and machine.

        The same person is synthesized four times by one process, one after the other, the first
        time unnoticed; a method of many passes warms up within its first volume, and does so once.

        Args:
            fresh: Measure again what was kept.

        Raises:
            ModelError: The process failed.
        """
        if fresh or not self._kept():
            self._measure()
        volumes = [self._path(case) for case in self._cases()]
        return costs_of_volumes(volumes[-TIMED:])

    @property
    def _table(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.csv")

    def _text(self) -> str:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("subject", *self.sources))
        files = [str(path.resolve()) for path in self.sources.values()]
        rows = 1 if self.passes >= MANY_PASSES else WARM_UP + TIMED
        table.writerows((f"time{row}", *files) for row in range(rows))
        return text.getvalue()

    def _cases(self) -> tuple[Case, ...]:
        return read_cohort(self._table, modalities=tuple(self.sources))

    def _path(self, case: Case) -> Path:
        return output_path(case, self.folder, self.description.preparation)

    def _kept(self) -> bool:
        if not self._table.is_file() or self._table.read_text(encoding="utf-8") != self._text():
            return False
        machine = machine_in_words(self.compute)
        return all(
            up_to_date(case, self._path(case), self.description, compute=self.compute)
            and read_sidecar(self._path(case)).get("Machine") == machine
            for case in self._cases()
        )

    def _measure(self) -> None:
        write_atomically(self._table, self._text().encode())
        for path in map(self._path, self._cases()):
            if is_marked(path):  # any other file stays, and the process refuses to replace it
                path.unlink()
        words = [str(self.run), str(self._table), str(self.folder), "--shard", "1/1"]
        words += ["--device", self.compute.device, "--overlap", "nothing"]
        words += [] if self.compute.bf16 else ["--precise"]
        command = [sys.executable, "-m", "crossvox", "predict", *words]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if ended.returncode:
            told = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ModelError(f"{self.run} could not be timed: {told}")
