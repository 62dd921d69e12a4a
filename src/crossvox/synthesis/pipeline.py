"""Cases through a synthesizer: while one is synthesized, the next is read, the last written."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from torch import Tensor

from crossvox.acceleration.compute import is_out_of_memory
from crossvox.cohort import Case
from crossvox.errors import CrossvoxError, FileError, ResourceError
from crossvox.files import (
    NOTICE,
    ReadOptions,
    encode_volume,
    read_volume,
    sidecar_of,
    write_together,
)
from crossvox.synthesis.sidecar import costs_of, origin_of, source_sha256
from crossvox.synthesis.store import Description
from crossvox.synthesis.synthesizer import Prepared, Synthesizer

FAILURES = (CrossvoxError, MemoryError, RuntimeError)  # of one case; torch has no error of its own


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
class _Read:
    """A case between its files and the network."""

    prepared: Prepared
    sources_sha256: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Made:
    """A case between the network and its file."""

    case: Case
    read: _Read
    synthesized: Tensor
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
        """
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            writing: Future[Outcome] | None = None
            for case, coming in zip(cases, _one_ahead(reader, self._read, cases), strict=True):
                made = self._made(case, coming)
                if writing:
                    yield writing.result()
                    writing = None
                if isinstance(made, Outcome):
                    yield made
                    continue
                writing = writer.submit(self._write, made, targets[case.name])
            if writing:
                yield writing.result()

    def _made(self, case: Case, coming: Future[_Read]) -> _Made | Outcome:
        try:
            read = coming.result()
            start = perf_counter()
            synthesized = self.synthesizer.synthesize(read.prepared.tensor)
        except FAILURES as error:
            return Outcome(case=case, error=_refusal(error))
        seconds = perf_counter() - start
        return _Made(case=case, read=read, synthesized=synthesized, network_seconds=seconds)

    def _read(self, case: Case) -> _Read:
        sources = [
            read_volume(case.images[modality], modality=modality, options=self.options)
            for modality in self.description.preparation.source_modalities
        ]
        start = perf_counter()
        prepared = self.synthesizer.prepare(sources)
        seconds = perf_counter() - start
        hashes = source_sha256(case, self.description)
        return _Read(prepared=prepared, sources_sha256=hashes, seconds=seconds)

    def _write(self, made: _Made, path: Path) -> Outcome:
        try:
            payload, sidecar = self._encoded(made, path)
        except FAILURES as error:
            return Outcome(case=made.case, error=_refusal(error))
        said = json.dumps(sidecar, indent=2).encode()
        try:
            write_together(path, payload, companion=sidecar_of(path), said=said)
        except FileError as error:
            return Outcome(case=made.case, error=error)
        return Outcome(case=made.case, seconds=sidecar["SynthesisSeconds"])

    def _encoded(self, made: _Made, path: Path) -> tuple[bytes, dict[str, Any]]:
        """Contents of the volume's file and of its sidecar."""
        start = perf_counter()
        volume = self.synthesizer.restore(made.synthesized, made.read.prepared)
        seconds = made.read.seconds + made.network_seconds + perf_counter() - start
        origin = origin_of(
            volume,
            made.case,
            self.description,
            sources_sha256=made.read.sources_sha256,
            reading=self.options,
        )
        costs = costs_of(self.synthesizer, seconds=seconds, network_seconds=made.network_seconds)
        return encode_volume(path, volume, description=NOTICE), {**origin, **costs}


def _one_ahead(
    thread: ThreadPoolExecutor,
    read: Callable[[Case], _Read],
    cases: Sequence[Case],
) -> Iterator[Future[_Read]]:
    """Each case's reading, the next one's begun when one is asked for."""
    pending = [thread.submit(read, case) for case in cases[:1]]
    for following in cases[1:]:
        current = pending.pop()
        pending.append(thread.submit(read, following))
        yield current
    yield from pending


def _refusal(error: CrossvoxError | MemoryError | RuntimeError) -> CrossvoxError:
    """`error` as what befell one case; one that is a defect is raised again."""
    if isinstance(error, CrossvoxError):
        return error
    if isinstance(error, MemoryError) or is_out_of_memory(error):
        return ResourceError(
            "out of memory; give this case more, or --overlap nothing, which holds one at a time"
        )
    raise error
