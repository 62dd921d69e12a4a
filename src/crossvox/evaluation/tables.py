"""The numbers of an evaluation as files: CSV for people, JSON for programs."""

import csv
import io
import json
import math
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import scipy
import torch

from crossvox import __version__
from crossvox.evaluation.baselines import BASELINES, MEANINGS
from crossvox.evaluation.loading import RANGE_PERCENTILES
from crossvox.evaluation.measures import MEASURES, NAMES
from crossvox.evaluation.results import (
    SYNTHESIZED,
    CaseResult,
    Evaluation,
    EvaluationSettings,
)
from crossvox.evaluation.statistics import DRAWS, LEVEL
from crossvox.files import write_atomically

FACTS = ("case", "mask", "data_range", "unit", "resampled")
UNKNOWN = "n/a"


def write_tables(evaluation: Evaluation, out: Path, *, settings: EvaluationSettings) -> None:
    """Write scores.csv, baselines.csv, comparison.json and, with labels, regions.csv."""
    results = evaluation.results
    header = ["subject", *NAMES, *FACTS]
    scores = [_row(result, SYNTHESIZED) for result in results]
    baselines = [
        [name, *_row(result, name)]
        for name in BASELINES
        for result in results
        if name in result.scores
    ]
    _write_csv(out / "scores.csv", header, scores)
    _write_csv(out / "baselines.csv", ["baseline", *header], baselines)
    if any(result.pair.labels for result in results):
        _write_csv(out / "regions.csv", REGION_HEADER, _region_rows(results))
    text = json.dumps(_as_json(_numbers(evaluation, settings)), indent=2, allow_nan=False)
    write_atomically(out / "comparison.json", text.encode())


def stated_range(settings: EvaluationSettings) -> str:
    """How the range behind PSNR, SSIM and the normalised errors came about, in words."""
    if settings.data_range is not None:
        return f"{settings.data_range:g}, given for every case"
    low, high = RANGE_PERCENTILES
    return f"{low:g} to {high:g} percentile of each reference inside the mask"


def versions() -> dict[str, str]:
    """Software behind the numbers."""
    return {
        "crossvox": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "torch": torch.__version__,
    }


REGION_HEADER = ["subject", "case", "label", "voxels", "mae", "bias", "ssim", "unit"]


def region_labels(results: Sequence[CaseResult]) -> list[int]:
    """Every label that any case has."""
    return sorted({region.label for result in results for region in result.regions})


def _row(result: CaseResult, method: str) -> list[str]:
    scores, facts = result.scores[method], result.facts
    return [
        result.pair.subject,
        *(_cell(scores[name]) for name in NAMES),
        result.pair.name,
        facts.mask_origin,
        _cell(facts.data_range),
        facts.unit,
        "+".join(facts.resampled) or "no",
    ]


def _region_rows(results: Sequence[CaseResult]) -> list[list[str]]:
    rows = []
    for result in results:
        found = {region.label: region for region in result.regions}
        for label in region_labels(results):
            region = found.get(label)
            numbers = [math.nan] * 3 if region is None else [region.mae, region.bias, region.ssim]
            rows.append(
                [
                    result.pair.subject,
                    result.pair.name,
                    str(label),
                    "0" if region is None else str(region.voxels),
                    *map(_cell, numbers),
                    result.facts.unit,
                ]
            )
    return rows


def _numbers(evaluation: Evaluation, settings: EvaluationSettings) -> dict[str, object]:
    summary = evaluation.summary
    return {
        "subjects": summary.subjects,
        "cases": len(evaluation.results),
        "measures": [asdict(measure) for measure in MEASURES],
        "baselines": MEANINGS,
        "recipe": {
            "ssim": str(settings.window),
            "data_range": stated_range(settings),
            "mask": sorted({result.facts.mask_origin for result in evaluation.results}),
            "unit": sorted({result.facts.unit for result in evaluation.results}),
            "interval": f"BCa bootstrap over subjects, level {LEVEL}, {DRAWS} draws",
            "test": "Wilcoxon signed-rank, two-sided, Holm over the table of comparisons",
            "seed": settings.seed,
        },
        "summary": {
            method: {name: asdict(interval) for name, interval in measures.items()}
            for method, measures in summary.intervals.items()
        },
        "frechet_random3d": dict(summary.frechet_random3d),
        "fid": None,
        "kid": None,
        "comparisons": [asdict(comparison) for comparison in summary.comparisons],
        "failed": [asdict(failure) for failure in evaluation.failures],
        "references_without_synthesized": [path.name for path in evaluation.unanswered],
        "versions": versions(),
    }


def _as_json(value: object) -> object:
    """`value` without what JSON does not know: NaN is null, infinity a word."""
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and math.isinf(value):
        return "inf (identical)" if value > 0 else "-inf"
    return value


def _cell(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.6g}"


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())
