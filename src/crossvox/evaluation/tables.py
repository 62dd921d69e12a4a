"""The numbers of an evaluation as files: CSV for people, JSON for programs."""

import csv
import io
import json
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import scipy
import torch

from crossvox import __version__
from crossvox.evaluation.baselines import BASELINES, MEANINGS
from crossvox.evaluation.loading import RANGE_PERCENTILES
from crossvox.evaluation.measures import LINEAR, MEASURES, NAMES
from crossvox.evaluation.pairs import Failure
from crossvox.evaluation.results import (
    PERFECT,
    SYNTHESIZED,
    CaseResult,
    Evaluation,
    EvaluationSettings,
)
from crossvox.evaluation.statistics import DRAWS, LEVEL
from crossvox.files import write_atomically
from crossvox.metrics import SsimWindow

# Columns that came later stand last, so that who counts columns finds the old ones.
FIRST = [name for name in NAMES if name not in LINEAR]
LAST = ["uncovered", *LINEAR, *(f"{name}_perfect" for name in PERFECT), "subject_in_model"]
SCORE_HEADER = ["subject", *FIRST, "case", "mask", "data_range", "unit", "resampled", *LAST]
UNKNOWN = "n/a"
NUMBERS_FILE = "comparison.json"


def write_tables(evaluation: Evaluation, out: Path, *, settings: EvaluationSettings) -> None:
    """Write scores.csv, baselines.csv, comparison.json and, with labels, regions.csv."""
    results = evaluation.results
    scores = [score_row(result, SYNTHESIZED) for result in results]
    baselines = [
        [name, *score_row(result, name)]
        for name in BASELINES
        for result in results
        if name in result.scores
    ]
    write_csv(out / "scores.csv", SCORE_HEADER, scores)
    write_csv(out / "baselines.csv", ["baseline", *SCORE_HEADER], baselines)
    if any(result.pair.labels for result in results):
        write_csv(out / "regions.csv", REGION_HEADER, _region_rows(results))
    write_json(out / NUMBERS_FILE, _numbers(evaluation, settings))


def stated_range(data_range: float | None) -> str:
    """How the range behind PSNR, SSIM and the normalised errors came about, in words."""
    if data_range is not None:
        return f"{data_range:g}, given for every case"
    low, high = RANGE_PERCENTILES
    return f"{low:g} to {high:g} percentile of each reference inside the mask"


def recipe(
    results: Sequence[CaseResult], *, window: SsimWindow, data_range: float | None, seed: int
) -> dict[str, object]:
    """How everything was measured, for programs."""
    return {
        "ssim": str(window),
        "data_range": stated_range(data_range),
        "mask": sorted({result.facts.mask_origin for result in results}),
        "unit": sorted({result.facts.unit for result in results}),
        "interval": f"BCa bootstrap over subjects, level {LEVEL}, {DRAWS} draws",
        "grid": "the reference's",
        "test": "Wilcoxon signed-rank, two-sided, exact, Holm over the table of comparisons",
        "seed": seed,
    }


def inception_facts(sha256: str, images: int) -> dict[str, object] | None:
    """What stands behind FID and KID; None without weights."""
    return {"sha256": sha256, "images": images} if sha256 else None


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


def score_row(result: CaseResult, method: str) -> list[str]:
    """One line of scores.csv."""
    scores, facts = result.scores[method], result.facts
    perfect = facts.perfect.get(method, {})
    return [
        result.pair.subject,
        *(_cell(scores[name]) for name in FIRST),
        result.pair.name,
        facts.mask_origin,
        _cell(facts.data_range),
        facts.unit,
        "+".join(facts.resampled) or "no",
        _cell(facts.uncovered.get(method, 0.0)),
        *(_cell(scores[name]) for name in LINEAR),
        *(_cell(perfect.get(name, math.nan)) for name in PERFECT),
        facts.known.get(method) or UNKNOWN,
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
        "recipe": recipe(
            evaluation.results,
            window=settings.window,
            data_range=settings.data_range,
            seed=settings.seed,
        ),
        "summary": {
            method: {name: asdict(interval) for name, interval in measures.items()}
            for method, measures in summary.intervals.items()
        },
        "frechet_random3d": dict(summary.frechet_random3d),
        "fid": dict(summary.fid) or None,
        "kid": {name: asdict(found) for name, found in summary.kid.items()} or None,
        "inception": inception_facts(evaluation.inception_sha256, summary.images),
        "comparisons": [asdict(comparison) for comparison in summary.comparisons],
        "perfect_network": {name: asdict(perfect) for name, perfect in summary.perfect.items()},
        "notes": evaluation.notes,
        "left_out": [asdict(left) for left in evaluation.left_out],
        "failed": [asdict(failure) for failure in evaluation.failures],
        "references_without_synthesized": [path.name for path in evaluation.unanswered],
        "versions": versions(),
    }


def read_failures(folder: Path) -> tuple[Failure, ...]:
    """The cases that an evaluation in `folder` did not score; none where it does not say."""
    try:
        said = json.loads((folder / NUMBERS_FILE).read_bytes())
        return tuple(Failure(**one) for one in (*said["failed"], *said.get("left_out", ())))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def write_json(path: Path, found: Mapping[str, object]) -> None:
    """Write strict JSON: NaN is null, infinity a word."""
    text = json.dumps(_as_json(dict(found)), indent=2, allow_nan=False)
    write_atomically(path, text.encode())


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table for people and programs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


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
