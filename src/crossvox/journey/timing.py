"""How long a run's synthesizer takes here and now, in a process of its own."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossvox.acceleration.compute import Compute
from crossvox.acceleration.machine import machine_in_words
from crossvox.cohort import Case, read_cohort
from crossvox.comparison import Costs
from crossvox.errors import CrossvoxError, ModelError
from crossvox.files import is_marked, read_sidecar, write_atomically
from crossvox.journey.costs import costs_of_volumes
from crossvox.journey.predict import predict_files
from crossvox.model import load_model
from crossvox.synthesis.predict import PredictOptions, output_path
from crossvox.synthesis.sidecar import up_to_date
from crossvox.synthesis.store import Description, read_description

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
        asked = {
            "model": str(self.run),
            "sources": str(self._table),
            "out": str(self.folder),
            "device": self.compute.device,
            "precise": not self.compute.bf16,
        }
        command = [sys.executable, "-c", f"from {__name__} import synthesize; synthesize()"]
        ended = subprocess.run(  # noqa: S603 - this module in a fresh process
            command, input=json.dumps(asked), capture_output=True, text=True, check=False
        )
        if ended.returncode:
            told = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ModelError(f"{self.run} could not be timed: {told}")


def synthesize() -> None:
    """Synthesize what JSON on standard input asks for, one volume after the other.

    It runs in a process of its own, so that its peak memory is that of the model alone.

    Raises:
        SystemExit: A volume could not be synthesized; standard error says why.
    """
    asked = json.load(sys.stdin)
    model = Path(asked["model"])
    try:
        predict_files(
            read_description(model),
            lambda: load_model(model, device=asked["device"], precise=asked["precise"]),
            Path(asked["sources"]),
            Path(asked["out"]),
            options=PredictOptions(overlap="nothing"),
        )
    except CrossvoxError as error:
        sys.exit(str(error))
