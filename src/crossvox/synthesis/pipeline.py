"""Pipeline of prediction: during inference the next case is read and the previous one written."""

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

FAILURES = (CrossvoxError, MemoryError, RuntimeError)  # torch raises plain RuntimeErrors


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Result of predicting one case.

    Attributes:
        case: Case that was predicted.
        seconds: Seconds of preparation, inference and restoring, without reading and writing.
        error: Error that kept the volume from being written; None if it was written.
    """

    case: Case
    seconds: float = 0.0
    error: CrossvoxError | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Source:
    """Sources of a case, read and prepared, before inference."""

    prepared: Prepared
    sources_sha256: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Synthesis:
    """Synthesized tensor of a case, after inference and before its file is written."""

    case: Case
    source: _Source
    synthesized: Tensor
    network_seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Pipeline:
    """Three overlapping stages (read, synthesize, write), each holding one case at a time.

    Attributes:
        synthesizer: Synthesizer that runs inference.
        description: Description of the synthesizer, for the sidecars.
        options: Options for reading the sources.
    """

    synthesizer: Synthesizer
    description: Description
    options: ReadOptions

    def outcomes(self, cases: Sequence[Case], targets: dict[str, Path]) -> Iterator[Outcome]:
        """Outcome of each case, in order, once its files are complete.

        Args:
            cases: Cases to synthesize.
            targets: Output path of each case, by case name.

        Raises:
            ResourceError: The disk is full; finished files stay.
        """
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            writing: Future[Outcome] | None = None
            for case, reading in zip(cases, _one_ahead(reader, self._read, cases), strict=True):
                synthesis = self._synthesize(case, reading)
                if writing:
                    yield writing.result()
                    writing = None
                if isinstance(synthesis, Outcome):
                    yield synthesis
                    continue
                writing = writer.submit(self._write, synthesis, targets[case.name])
            if writing:
                yield writing.result()

    def _synthesize(self, case: Case, reading: Future[_Source]) -> _Synthesis | Outcome:
        try:
            source = reading.result()
            start = perf_counter()
            synthesized = self.synthesizer.synthesize(source.prepared.tensor)
        except FAILURES as error:
            return Outcome(case=case, error=_refusal(error))
        seconds = perf_counter() - start
        return _Synthesis(
            case=case, source=source, synthesized=synthesized, network_seconds=seconds
        )

    def _read(self, case: Case) -> _Source:
        sources = [
            read_volume(case.images[modality], modality=modality, options=self.options)
            for modality in self.description.preparation.source_modalities
        ]
        start = perf_counter()
        prepared = self.synthesizer.prepare(sources)
        seconds = perf_counter() - start
        hashes = source_sha256(case, self.description)
        return _Source(prepared=prepared, sources_sha256=hashes, seconds=seconds)

    def _write(self, synthesis: _Synthesis, path: Path) -> Outcome:
        try:
            payload, sidecar = self._encoded(synthesis, path)
        except FAILURES as error:
            return Outcome(case=synthesis.case, error=_refusal(error))
        text = json.dumps(sidecar, indent=2).encode()
        try:
            write_together(path, payload, companion=sidecar_of(path), companion_payload=text)
        except FileError as error:
            return Outcome(case=synthesis.case, error=error)
        return Outcome(case=synthesis.case, seconds=sidecar["SynthesisSeconds"])

    def _encoded(self, synthesis: _Synthesis, path: Path) -> tuple[bytes, dict[str, Any]]:
        """Contents of the volume's file and of its sidecar."""
        source, network_seconds = synthesis.source, synthesis.network_seconds
        start = perf_counter()
        volume = self.synthesizer.restore(synthesis.synthesized, source.prepared)
        seconds = source.seconds + network_seconds + perf_counter() - start
        origin = origin_of(
            volume,
            synthesis.case,
            self.description,
            sources_sha256=source.sources_sha256,
            reading=self.options,
        )
        costs = costs_of(self.synthesizer, seconds=seconds, network_seconds=network_seconds)
        return encode_volume(path, volume, description=NOTICE), {**origin, **costs}


def _one_ahead(
    thread: ThreadPoolExecutor,
    read: Callable[[Case], _Source],
    cases: Sequence[Case],
) -> Iterator[Future[_Source]]:
    """Future of each case's sources; before it is yielded, reading of the next case begins."""
    pending = [thread.submit(read, case) for case in cases[:1]]
    for next_case in cases[1:]:
        current = pending.pop()
        pending.append(thread.submit(read, next_case))
        yield current
    yield from pending


def _refusal(error: CrossvoxError | MemoryError | RuntimeError) -> CrossvoxError:
    """Error to report for one case; re-raises `error` if it is a bug."""
    if isinstance(error, CrossvoxError):
        return error
    if isinstance(error, MemoryError) or is_out_of_memory(error):
        return ResourceError(
            "out of memory; free some, or use --overlap nothing, which holds one case at a time"
        )
    raise error
