"""Settings and result of an evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crossvox.metrics import GAUSSIAN, SsimWindow
from crossvox.report.protocol import Protocol
from crossvox.report.text_table import NO_TABLE, TextTable
from crossvox.scoring.admission import STRICT, Admission
from crossvox.scoring.pairs import Failure
from crossvox.scoring.results import CaseResult, Summary
from crossvox.scoring.training_run import RunDescription


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """Choices of an evaluation.

    Attributes:
        seed: Of the bootstrap.
        window: Of SSIM.
        data_range: One stated range for every case; each reference's own where absent.
        mean_target: Volume that serves as a baseline where grids agree.
        inception: Weights of Inception-v3 for FID and KID; these are n/a where absent.
        run: The training run behind the volumes, for the report.
        strips: How many cases are shown in pictures, the worst first.
        admission: Which cases may be scored.
    """

    seed: int = 0
    window: SsimWindow = GAUSSIAN
    data_range: float | None = None
    mean_target: Path | None = None
    inception: Path | None = None
    run: RunDescription | None = None
    strips: int = 12
    admission: Admission = STRICT

    @property
    def protocol(self) -> Protocol:
        """Settings that move a number."""
        return Protocol(window=self.window, data_range=self.data_range, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The result, as it stands in the output folder.

    Attributes:
        results: Scored cases, in the order of their names.
        failures: Cases that could not be scored.
        left_out: Cases that could have been scored but must not be, and why.
        notes: What was decided about the cases, for the top of the report.
        unanswered: References for which nothing was synthesized.
        summary: Over subjects.
        report: The HTML page.
        inception_sha256: SHA-256 of the weights behind FID and KID; empty without them.
        table: Means and intervals, as text.
        pictures: WebP pictures of the worst cases, by name.
        perfect: Sentence on the limit that the model's intensity scale sets; empty if unknown.
    """

    results: tuple[CaseResult, ...]
    failures: tuple[Failure, ...]
    unanswered: tuple[Path, ...]
    summary: Summary
    report: Path
    inception_sha256: str = ""
    left_out: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    table: TextTable = NO_TABLE
    perfect: str = ""
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        """Notes, table and the place of the report."""
        parts = (*self.notes, str(self.table), self.perfect, str(self.report))
        return "\n".join(part for part in parts if part)
