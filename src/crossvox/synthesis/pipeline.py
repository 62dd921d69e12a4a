"""Cases through a synthesizer: while one is synthesized, the next is read, the last written."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from torch import Tensor

from crossvox.cohort import Case
from crossvox.errors import CrossvoxError
from crossvox.files import NOTICE, ReadOptions, read_volume, sidecar_of, write_volume
from crossvox.files.atomic import write_atomically
from crossvox.synthesis.sidecar import costs_of, origin_of
from crossvox.synthesis.store import Description
from crossvox.synthesis.synthesizer import Prepared, Synthesizer


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one case.

    Attributes:
        case: It.
        seconds: Preparation, network and restoring; files are not counted.
        error: Why nothing was written; None where it was.
    """

    case: Case
    seconds: float = 0.0
    error: CrossvoxError | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Made:
    """A case between the network and its file."""

    case: Case
    prepared: Prepared
    synthesized: Tensor
    seconds: float
    network_seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Pipeline:
    """Three stages that overlap, each holding one case at a time.

    Attributes:
        synthesizer: Ready for use.
        description: Of the synthesizer; goes into the sidecars.
        options: How to read the sources.
    """

    synthesizer: Synthesizer
    description: Description
    options: ReadOptions

    def outcomes(self, cases: Sequence[Case], targets: dict[str, Path]) -> Iterator[Outcome]:
        """Each case's, in order, once its files are complete.

        Args:
            cases: To be synthesized.
            targets: Where each goes, by name.

        Raises:
            ResourceError: The disk is full; what is written stays.
            FileError: A target cannot be written.
        """
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            writing: Future[Outcome] | None = None
            for case, coming in zip(cases, _one_ahead(reader, self._read, cases), strict=True):
                try:
                    prepared, seconds = coming.result()
                    start = perf_counter()
                    synthesized = self.synthesizer.synthesize(prepared.tensor)
                    network = perf_counter() - start
                except CrossvoxError as error:
                    failed: Outcome | None = Outcome(case=case, error=error)
                else:
                    failed = None
                if writing:
                    yield writing.result()
                    writing = None
                if failed:
                    yield failed
                    continue
                made = _Made(
                    case=case,
                    prepared=prepared,
                    synthesized=synthesized,
                    seconds=seconds + network,
                    network_seconds=network,
                )
                writing = writer.submit(self._write, made, targets[case.name])
            if writing:
                yield writing.result()

    def _read(self, case: Case) -> tuple[Prepared, float]:
        sources = [
            read_volume(case.images[modality], modality=modality, options=self.options)
            for modality in self.description.preparation.source_modalities
        ]
        start = perf_counter()
        return self.synthesizer.prepare(sources), perf_counter() - start

    def _write(self, made: _Made, path: Path) -> Outcome:
        start = perf_counter()
        volume = self.synthesizer.restore(made.synthesized, made.prepared)
        seconds = made.seconds + perf_counter() - start
        sidecar = {
            **origin_of(volume, made.case, self.description),
            **costs_of(self.synthesizer, seconds=seconds, network_seconds=made.network_seconds),
        }
        write_atomically(sidecar_of(path), json.dumps(sidecar, indent=2).encode())
        write_volume(path, volume, description=NOTICE)
        return Outcome(case=made.case, seconds=seconds)


def _one_ahead(
    thread: ThreadPoolExecutor,
    read: Callable[[Case], tuple[Prepared, float]],
    cases: Sequence[Case],
) -> Iterator[Future[tuple[Prepared, float]]]:
    """Each case's reading, the next one's begun when one is asked for."""
    pending = [thread.submit(read, case) for case in cases[:1]]
    for following in cases[1:]:
        current = pending.pop()
        pending.append(thread.submit(read, following))
        yield current
    yield from pending
