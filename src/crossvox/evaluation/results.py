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
    """Settings of an evaluation.

    Attributes:
        seed: Random seed for the bootstrap confidence intervals.
        window: SSIM window.
        data_range: Stated range of every case; None for each reference's own.
        mean_target: Path of the mean training target, a baseline on matching grids.
        inception: Path of Inception-v3 weights; None to leave out FID and KID.
        run: Description of the training run behind the volumes, for the report.
        strips: Number of cases pictured in the report, worst first.
        admission: Exceptions that admit cases with misleading scores.
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
        """Settings that change a number."""
        return Protocol(window=self.window, data_range=self.data_range, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Result of an evaluation, as written to the output folder.

    Attributes:
        results: Scored cases, in the order of their names.
        failures: Cases that could not be scored, with the reason.
        left_out: Cases that may not be scored, with the reason.
        notes: Sentences on the choice of cases, for the top of the report.
        unmatched: Paths of references without a synthesized volume.
        summary: Summary of the scores over subjects.
        report: Path of the HTML report.
        inception_sha256: SHA-256 of the weights behind FID and KID; empty without weights.
        table: Means and intervals as a text table.
        pictures: WebP pictures of the worst cases, by name of the case.
        perfect: Sentence on the scores of a perfect network; empty if unknown.
    """

    results: tuple[CaseResult, ...]
    failures: tuple[Failure, ...]
    unmatched: tuple[Path, ...]
    summary: Summary
    report: Path
    inception_sha256: str = ""
    left_out: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    table: TextTable = NO_TABLE
    perfect: str = ""
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        """Notes, table and path of the report."""
        parts = (*self.notes, str(self.table), self.perfect, str(self.report))
        return "\n".join(part for part in parts if part)
