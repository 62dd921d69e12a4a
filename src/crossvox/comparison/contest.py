"""Who is compared, on which cases, and what comes out."""

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

FEWEST = 2


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What a method takes; None where nobody measured it.

    Attributes:
        seconds: Median per volume, network and preparation, files excluded.
        passes: Network evaluations that a volume takes: 50 for a diffusion of 50 steps.
        peak_memory_bytes: While synthesizing.
        parameters: Of the networks that synthesis needs.
        training_hours: Wall clock.
        training_steps: Of the optimizer.
        training_epochs: Passes over the training voxels.
        machine: Where seconds and memory were measured, in words; empty where nobody says.
        remark: What to know of the costs, such as why there are none.
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
    """One method and what it made.

    Attributes:
        name: In tables and figures.
        pairs: Its volumes; cases go by `Pair.name`.
        costs: What it takes.
        method: Name and settings in words, for the page.
        failures: Cases of which it has no volume, or none that could be scored, and why.
        cautions: What a reader must know before believing its scores.
    """

    name: str
    pairs: tuple[Pair, ...]
    costs: Costs = NO_COSTS
    method: str = ""
    failures: tuple[Failure, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ComparisonSettings:
    """Choices of a comparison.

    Attributes:
        against: The contestant or baseline that the other contestants are tested against; the
            first contestant where absent.
        seed: Of the bootstrap.
        window: Of SSIM.
        data_range: One stated range for every case; each reference's own where absent.
        mean_target: Volume that serves as a baseline where grids agree.
        inception: Weights of Inception-v3 for FID and KID; these are n/a where absent.
        shown: Cases in the figure: the median, the worst and the best, at most three.
        beside: Published numbers that stand below the table.
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
        """Settings that move a number."""
        return Protocol(window=self.window, data_range=self.data_range, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The cases that all contestants have.

    Attributes:
        cases: For each case its pairs, in the order of the contestants.
        left_out: Cases that some lack, and who, or why.
    """

    cases: tuple[tuple[Pair, ...], ...]
    left_out: tuple[Failure, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The result, as it stands in the output folder.

    Attributes:
        contestants: In the order of the table.
        against: The one that the others are tested against.
        results: Scored cases, in the order of their names; scores go by contestant or baseline.
        left_out: Cases that some contestant lacks.
        failures: Cases that could not be scored.
        summary: Over subjects.
        jitter: Paired differences of the slices' brightness jitter, not tested.
        inception_sha256: Of the weights behind FID and KID; empty without them.
        page: The HTML page.
        files: Everything that was written.
        notes: Sentences that belong beside the table.
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
        """Of the contestants."""
        return tuple(contestant.name for contestant in self.contestants)


def chosen_opponent(contestants: Sequence[Contestant], against: str | None) -> str:
    """The name that the others are tested against.

    Raises:
        SettingsError: It is no one's name, names are not unique, or nobody is left to test.
    """
    names = [contestant.name for contestant in contestants]
    twice = [name for name, count in Counter(names).items() if count > 1]
    taken = [name for name in names if name in {*BASELINES, REFERENCE, ""}]
    if twice or taken:
        raise SettingsError(
            f"each contestant needs a name of its own, got {(twice + taken)[0]!r};"
            f" taken are {', '.join((*BASELINES, REFERENCE))}"
        )
    opponent = names[0] if against is None and names else against
    if opponent not in (*names, *BASELINES):
        known = ", ".join((*names, *BASELINES))
        raise SettingsError(f"no one here is called {opponent!r}; there are {known}")
    if len(set(names) | {opponent}) < FEWEST:
        raise SettingsError("a comparison needs two contestants, or one and a baseline")
    return str(opponent)


def match_cases(contestants: Sequence[Contestant]) -> Contest:
    """The cases that all contestants have, in the order of their names.

    Raises:
        CohortError: A contestant has a case twice, there is no case that all have, or
            contestants have different references or masks for one.
    """
    shelves = {contestant.name: _by_case(contestant) for contestant in contestants}
    known = sorted({case for shelf in shelves.values() for case in shelf})
    lacking = {
        case: [name for name, shelf in shelves.items() if case not in shelf] for case in known
    }
    cases = tuple(
        tuple(shelf[case] for shelf in shelves.values()) for case in known if not lacking[case]
    )
    if not cases:
        counts = ", ".join(f"{name} has {len(shelf)}" for name, shelf in shelves.items())
        raise CohortError(f"no case is in all of them: {counts}; cases go by subject and session")
    for pairs in cases:
        _refuse_other_references(pairs, list(shelves))
    lost = {
        case: f"{', '.join(names)} {_have(names)} no volume of it"
        for case, names in lacking.items()
        if names
    }
    told = {
        failure.name: f"{one.name}: {failure.reason}"
        for one in contestants
        for failure in one.failures
        if lacking.get(failure.name, True)
    }
    left_out = (Failure(name=case, reason=why) for case, why in (lost | told).items())
    return Contest(cases=cases, left_out=tuple(left_out))


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _by_case(contestant: Contestant) -> dict[str, Pair]:
    shelf = {pair.name: pair for pair in contestant.pairs}
    if len(shelf) < len(contestant.pairs):
        twice = [name for name, n in Counter(p.name for p in contestant.pairs).items() if n > 1]
        raise CohortError(f"{contestant.name} has {twice[0]} more than once; keep one of them")
    return shelf


def _refuse_other_references(pairs: tuple[Pair, ...], names: Sequence[str]) -> None:
    first = pairs[0]
    for pair, name in zip(pairs[1:], names[1:], strict=True):
        for what, ours, theirs in (
            ("reference", first.reference, pair.reference),
            ("mask", first.mask, pair.mask),
        ):
            if not _same_file(ours, theirs):
                raise CohortError(
                    f"{first.name}: {names[0]} is scored with the {what} {ours or 'of no file'},"
                    f" {name} with {theirs or 'none'}; a comparison needs the same for all"
                )


def _same_file(one: Path | None, other: Path | None) -> bool:
    if one is None or other is None:
        return one is other
    if one.resolve() == other.resolve():
        return True
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)
