"""Variants in turn, round after round, so that what disturbs the machine disturbs them all."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from statistics import median

from crossvox.errors import CrossvoxError, SettingsError
from crossvox.measuring.process import Measurement, VariantProcess, turn
from crossvox.progress import QUIET, Progress
from crossvox.variants.cost import Cost
from crossvox.variants.variant import Setting, Variant


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was measured of one variant.

    Attributes:
        variant: Which.
        turns: The works that count of each round; none where it failed.
        failure: Why it failed.
        cost: Operations and parameters; None where they could not be counted.
    """

    variant: Variant
    turns: tuple[tuple[Measurement, ...], ...] = ()
    failure: str = ""
    cost: Cost | None = None

    @property
    def measurements(self) -> list[Measurement]:
        """Of all turns."""
        return [one for turn in self.turns for one in turn]

    @property
    def seconds(self) -> float:
        """The median work's.

        Raises:
            SettingsError: Nothing was measured.
        """
        if not self.measurements:
            raise SettingsError(f"{self.variant.name} was not measured: {self.failure}")
        return median(one.seconds for one in self.measurements)

    @property
    def page_faults(self) -> int | None:
        """The median work's."""
        counted = [one.page_faults for one in self.measurements if one.page_faults is not None]
        return round(median(counted)) if counted else None

    @property
    def peak_bytes(self) -> int | None:
        """Of the whole process until its last turn."""
        counted = [one.peak_bytes for one in self.measurements if one.peak_bytes is not None]
        return max(counted, default=None)


@contextmanager
def started(
    variants: Sequence[Variant], setting: Setting, *, progress: Progress = QUIET
) -> Iterator[list[VariantProcess]]:
    """Within it each variant has a process; they load one after the other."""
    with ExitStack() as stack:
        processes = []
        for number, variant in enumerate(variants, start=1):
            process = stack.enter_context(VariantProcess(variant, setting))
            processes.append(process)
            progress.stage("loading", number, len(variants))
        yield processes


def in_rounds(
    processes: Sequence[VariantProcess], *, rounds: int, progress: Progress = QUIET
) -> list[Outcome]:
    """A turn of each process, once a round; only one works at a time.

    A variant that fails is left out from then on.

    Args:
        processes: In the order of a round.
        rounds: How often.
        progress: Told what is done.
    """
    turns: dict[str, list[tuple[Measurement, ...]]] = {one.variant.name: [] for one in processes}
    for number in range(rounds):
        for process in processes:
            with suppress(CrossvoxError):  # the process keeps its failure
                turns[process.variant.name].append(process.ask(turn))
        progress.stage("rounds", number + 1, rounds)
    return [_outcome(one, turns[one.variant.name]) for one in processes]


def _outcome(process: VariantProcess, turns: Sequence[tuple[Measurement, ...]]) -> Outcome:
    if process.failure:
        return Outcome(variant=process.variant, failure=process.failure)
    cost = None
    with suppress(CrossvoxError):  # seconds count without it; the table says n/a
        cost = process.cost()
    return Outcome(variant=process.variant, turns=tuple(turns), cost=cost)
