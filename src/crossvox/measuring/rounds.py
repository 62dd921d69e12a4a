"""Interleaved measurement of variants, so disturbances of the machine affect all of them."""

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
    """Measurements of one variant.

    Attributes:
        variant: Variant that was measured.
        turns: Measurements of each round; empty if the variant failed.
        failure: Reason of the failure; empty if there was none.
        cost: Operations and parameters; None if they could not be counted.
    """

    variant: Variant
    turns: tuple[tuple[Measurement, ...], ...] = ()
    failure: str = ""
    cost: Cost | None = None

    @property
    def measurements(self) -> list[Measurement]:
        """Measurements of all turns."""
        return [measurement for turn in self.turns for measurement in turn]

    @property
    def seconds(self) -> float:
        """Median time of one call of the work.

        Raises:
            SettingsError: Nothing was measured.
        """
        if not self.measurements:
            raise SettingsError(f"{self.variant.name} was not measured: {self.failure}")
        return median(measurement.seconds for measurement in self.measurements)

    @property
    def page_faults(self) -> int | None:
        """Median number of page faults per call of the work; None if they were not counted."""
        faults = [run.page_faults for run in self.measurements if run.page_faults is not None]
        return round(median(faults)) if faults else None

    @property
    def peak_bytes(self) -> int | None:
        """Peak memory of the whole process up to its last turn; None if it was not measured."""
        peaks = [run.peak_bytes for run in self.measurements if run.peak_bytes is not None]
        return max(peaks, default=None)


@contextmanager
def started(
    variants: Sequence[Variant], setting: Setting, *, progress: Progress = QUIET
) -> Iterator[list[VariantProcess]]:
    """Context with a process for each variant, loaded one after the other."""
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
    """Measure one turn of each process per round, one process at a time.

    A variant that fails is skipped from then on.

    Args:
        processes: Processes in the order of a round.
        rounds: Number of rounds.
        progress: Receiver of progress.
    """
    names = [process.variant.name for process in processes]
    turns: dict[str, list[tuple[Measurement, ...]]] = {name: [] for name in names}
    for number in range(rounds):
        for process in processes:
            with suppress(CrossvoxError):  # stored in the process
                turns[process.variant.name].append(process.ask(turn))
        progress.stage("rounds", number + 1, rounds)
    return [_outcome(process, turns[process.variant.name]) for process in processes]


def _outcome(process: VariantProcess, turns: Sequence[tuple[Measurement, ...]]) -> Outcome:
    if process.failure:
        return Outcome(variant=process.variant, failure=process.failure)
    cost = None
    with suppress(CrossvoxError):  # times are valid without it; the table shows n/a
        cost = process.cost()
    return Outcome(variant=process.variant, turns=tuple(turns), cost=cost)
