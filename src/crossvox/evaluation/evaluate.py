"""Score synthesized volumes against their references and write it all down."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import CohortError, CrossvoxError, SomeCasesFailedError
from crossvox.evaluation.baselines import baselines_of, read_mean_target
from crossvox.evaluation.loading import LoadedPair, load_pair
from crossvox.evaluation.pairs import Failure, Pair, Pairing
from crossvox.evaluation.random_features import random_features
from crossvox.evaluation.report import write_report
from crossvox.evaluation.results import (
    SYNTHESIZED,
    CaseFacts,
    CaseResult,
    Evaluation,
    EvaluationSettings,
)
from crossvox.evaluation.scores import score, score_regions
from crossvox.evaluation.summary import REFERENCE, summarise
from crossvox.evaluation.tables import write_tables
from crossvox.metrics import slice_mean_difference, through_plane_axis
from crossvox.volume import Volume

Progress = Callable[[int, int], None]
DEFAULTS = EvaluationSettings()


def evaluate(
    pairing: Pairing,
    out: Path,
    *,
    settings: EvaluationSettings = DEFAULTS,
    progress: Progress | None = None,
) -> Evaluation:
    """Score every pair; write scores.csv, baselines.csv, comparison.json and report.html.

    Args:
        pairing: What `find_pairs` found.
        out: Folder, made where it is missing.
        settings: Choices that go into the report.
        progress: Called with (done, total).

    Raises:
        SomeCasesFailedError: Some cases could not be scored; everything is written for the rest.
        CohortError: None could be scored; nothing is written.
        FileError: The mean training target or the output folder cannot be used.
    """
    mean_target = read_mean_target(settings.mean_target)
    results: list[CaseResult] = []
    failures = list(pairing.failures)
    for done, pair in enumerate(sorted(pairing.pairs, key=lambda pair: pair.name), start=1):
        try:
            results.append(score_pair(pair, settings=settings, mean_target=mean_target))
        except CrossvoxError as error:
            failures.append(Failure(name=pair.name, reason=str(error)))
        if progress:
            progress(done, len(pairing.pairs))
    if not results:
        raise CohortError(f"no case could be scored; the first: {failures[0].reason}")
    evaluation = Evaluation(
        results=tuple(results),
        failures=tuple(failures),
        unanswered=pairing.unanswered,
        summary=summarise(results, seed=settings.seed),
        report=out / "report.html",
    )
    write_tables(evaluation, out, settings=settings)
    write_report(evaluation, settings=settings)
    if failures:
        raise SomeCasesFailedError(_failed(evaluation))
    return evaluation


def score_pair(
    pair: Pair, *, settings: EvaluationSettings = DEFAULTS, mean_target: Volume | None = None
) -> CaseResult:
    """Every measure of one pair and of the baselines that it allows.

    Raises:
        FileError: A file is damaged.
        GridError: The mask is empty, or the reference is constant inside it.
    """
    loaded = load_pair(pair, data_range=settings.data_range)
    reference = loaded.reference
    volumes = {
        SYNTHESIZED: loaded.synthesized.voxels,
        **baselines_of(loaded, mean_target=mean_target),
    }
    axis = through_plane_axis(reference.grid.spacing_mm)
    return CaseResult(
        pair=pair,
        facts=_facts(loaded, axis),
        scores={
            name: score(voxels, loaded, window=settings.window) for name, voxels in volumes.items()
        },
        regions=score_regions(loaded.synthesized.voxels, loaded, window=settings.window),
        slice_curves={
            name: slice_mean_difference(voxels, reference.voxels, axis=axis, mask=loaded.mask)
            for name, voxels in volumes.items()
        },
        features={
            name: _features(voxels, loaded)
            for name, voxels in {**volumes, REFERENCE: reference.voxels}.items()
        },
    )


def _facts(loaded: LoadedPair, axis: int) -> CaseFacts:
    grid = loaded.synthesized.grid
    return CaseFacts(
        mask_origin=loaded.mask_origin,
        mask_voxels=int(loaded.mask.sum()),
        data_range=loaded.data_range,
        unit=loaded.unit,
        resampled=loaded.resampled,
        grid=str(grid),
        slice_positions_mm=np.arange(grid.shape[axis], dtype=np.float64) * grid.spacing_mm[axis],
        sidecar=loaded.sidecar,
    )


def _features(voxels: NDArray[np.float32], loaded: LoadedPair) -> NDArray[np.float32]:
    return random_features(voxels, mask=loaded.mask, low=loaded.low, data_range=loaded.data_range)


def _failed(evaluation: Evaluation) -> str:
    total = len(evaluation.results) + len(evaluation.failures)
    reasons = "; ".join(failure.reason for failure in evaluation.failures)
    return (
        f"{len(evaluation.failures)} of {total} cases could not be scored ({reasons});"
        f" the others are in {evaluation.report}"
    )
