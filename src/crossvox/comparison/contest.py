"""Contestants, settings, shared cases and result of a comparison."""

import filecmp
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crossvox.comparison.published import Published
from crossvox.errors import CohortError, SettingsError
from crossvox.metrics import GAUSSIAN, SsimWindow
from crossvox.report.protocol import Protocol
from crossvox.scoring.baselines import BASELINES
from crossvox.scoring.feature_distances import REFERENCE
from crossvox.scoring.pairs import Failure, Pair
from crossvox.scoring.results import CaseResult, Summary
from crossvox.scoring.statistics import PairedDifference

MIN_CONTESTANTS = 2  # a baseline counts too


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Costs of a method; None if not measured.

    Attributes:
        seconds: Median seconds per volume for network and preparation, without file access.
        passes: Network evaluations per volume, such as 50 for a diffusion model with 50 steps.
        peak_memory_bytes: Peak memory of synthesis in bytes.
        parameters: Number of parameters of the networks needed for synthesis.
        training_hours: Wall-clock training time in hours.
        training_steps: Number of optimizer steps.
        training_epochs: Number of passes over the training voxels.
        machine: Machine on which seconds and memory were measured, in words; empty if unknown.
        remark: Sentence on the costs, such as why they are missing.
    """

    seconds: float | None = None
    passes: int | None = None
    peak_memory_bytes: int | None = None
    parameters: int | None = None
    training_hours: float | None = None
    training_steps: int | None = None
    training_epochs: float | None = None
    machine: str = ""
    remark: str = ""


NO_COSTS = Costs()


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A method with its synthesized volumes.

    Attributes:
        name: Name in tables and figures.
        pairs: Pairs with its volumes; cases are matched by `Pair.name`.
        costs: Costs of synthesis and training.
        method: Name and settings of the method in words, for the page.
        failures: Cases without a volume that can be scored, with the reason.
        cautions: Sentences that a reader needs before trusting its scores.
    """

    name: str
    pairs: tuple[Pair, ...]
    costs: Costs = NO_COSTS
    method: str = ""
    failures: tuple[Failure, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ComparisonSettings:
    """Settings of a comparison.

    Attributes:
        against: Contestant or baseline to test all others against; by default the first
            contestant.
        seed: Random seed for the bootstrap confidence intervals.
        window: SSIM window.
        data_range: Stated range of every case; None for each reference's own.
        mean_target: Path of the mean training target, a baseline on matching grids.
        inception: Path of Inception-v3 weights; None to leave out FID and KID.
        shown: Number of cases in the figure, at most three: the median, the worst and the best.
        beside: Published numbers to show below the table.
    """

    against: str | None = None
    seed: int = 0
    window: SsimWindow = GAUSSIAN
    data_range: float | None = None
    mean_target: Path | None = None
    inception: Path | None = None
    shown: int = 3
    beside: Published | None = None

    @property
    def protocol(self) -> Protocol:
        """Settings that change a number."""
        return Protocol(window=self.window, data_range=self.data_range, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Cases that all contestants have.

    Attributes:
        cases: Pairs of each case, in the order of the contestants.
        left_out: Cases that some contestants lack, with the reason.
    """

    cases: tuple[tuple[Pair, ...], ...]
    left_out: tuple[Failure, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Result of a comparison, as written to the output folder.

    Attributes:
        contestants: Contestants in the order of the table.
        against: Name of the contestant or baseline that the others are tested against.
        results: Scored cases, in the order of their names, keyed by contestant or baseline.
        left_out: Cases that some contestant lacks, with the reason.
        failures: Cases that could not be scored, with the reason.
        summary: Summary of the scores over subjects.
        jitter: Paired differences of slice brightness jitter, not tested.
        inception_sha256: SHA-256 of the weights behind FID and KID; empty without weights.
        page: Path of the HTML page.
        files: Paths of all written files.
        notes: Sentences to show beside the table.
    """

    contestants: tuple[Contestant, ...]
    against: str
    results: tuple[CaseResult, ...]
    left_out: tuple[Failure, ...]
    failures: tuple[Failure, ...]
    summary: Summary
    jitter: tuple[PairedDifference, ...]
    inception_sha256: str
    page: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the contestants."""
        return tuple(contestant.name for contestant in self.contestants)


def chosen_opponent(contestants: Sequence[Contestant], against: str | None) -> str:
    """Name of the contestant or baseline that the others are tested against.

    Raises:
        SettingsError: The name is unknown, names are not unique, or no contestant is left to test.
    """
    names = [contestant.name for contestant in contestants]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    reserved = [name for name in names if name in {*BASELINES, REFERENCE, ""}]
    if repeated or reserved:
        raise SettingsError(
            f"each contestant needs a unique name, got {(repeated + reserved)[0]!r};"
            f" reserved names are {', '.join((*BASELINES, REFERENCE))}"
        )
    opponent = names[0] if against is None and names else against
    if opponent not in (*names, *BASELINES):
        known = ", ".join((*names, *BASELINES))
        raise SettingsError(f"no contestant or baseline is named {opponent!r}; choose from {known}")
    if len(set(names) | {opponent}) < MIN_CONTESTANTS:
        raise SettingsError("a comparison needs two contestants, or one contestant and a baseline")
    return str(opponent)


def match_cases(contestants: Sequence[Contestant]) -> Contest:
    """Find the cases that all contestants have, in the order of their names.

    Raises:
        CohortError: A contestant has a case twice, the contestants share no case, or contestants
            have different references or masks for a case.
    """
    by_name = {contestant.name: _by_case(contestant) for contestant in contestants}
    case_names = sorted({case for by_case in by_name.values() for case in by_case})
    lacking = {
        case: [name for name, by_case in by_name.items() if case not in by_case]
        for case in case_names
    }
    cases = tuple(
        tuple(by_case[case] for by_case in by_name.values())
        for case in case_names
        if not lacking[case]
    )
    if not cases:
        counts = ", ".join(f"{name} has {len(by_case)}" for name, by_case in by_name.items())
        raise CohortError(
            f"no case is in all contestants: {counts}; cases are matched by subject and session"
        )
    for pairs in cases:
        _refuse_other_references(pairs, list(by_name))
    missing = {
        case: f"{', '.join(names)} {_have(names)} no volume of it"
        for case, names in lacking.items()
        if names
    }
    failed = {
        failure.name: f"{contestant.name}: {failure.reason}"
        for contestant in contestants
        for failure in contestant.failures
        if lacking.get(failure.name, True)
    }
    left_out = (Failure(name=case, reason=reason) for case, reason in (missing | failed).items())
    return Contest(cases=cases, left_out=tuple(left_out))


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _by_case(contestant: Contestant) -> dict[str, Pair]:
    by_case = {pair.name: pair for pair in contestant.pairs}
    if len(by_case) < len(contestant.pairs):
        counts = Counter(pair.name for pair in contestant.pairs)
        repeated = next(name for name, count in counts.items() if count > 1)
        raise CohortError(f"{contestant.name} has {repeated} more than once; keep one of them")
    return by_case


def _refuse_other_references(pairs: tuple[Pair, ...], names: Sequence[str]) -> None:
    first = pairs[0]
    for pair, name in zip(pairs[1:], names[1:], strict=True):
        for kind, file, other_file in (
            ("reference", first.reference, pair.reference),
            ("mask", first.mask, pair.mask),
        ):
            if not _same_file(file, other_file):
                raise CohortError(
                    f"{first.name}: {names[0]} is scored with the {kind} {file or '(no file)'},"
                    f" {name} with {other_file or '(no file)'}; a comparison needs the same for all"
                )


def _same_file(first: Path | None, second: Path | None) -> bool:
    if first is None or second is None:
        return first is second
    if first.resolve() == second.resolve():
        return True
    return first.is_file() and second.is_file() and filecmp.cmp(first, second, shallow=False)
