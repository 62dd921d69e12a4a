"""Scores of cases as the rows of CSV files, which evaluations and comparisons share."""

import math
from collections.abc import Sequence

from crossvox.report.formatting import UNKNOWN
from crossvox.scoring.measures import LINEAR, NAMES
from crossvox.scoring.results import PERFECT, CaseResult

# Later columns stand last, so that programs that count columns find the old ones.
FIRST = [name for name in NAMES if name not in LINEAR]
LAST = ["uncovered", *LINEAR, *(f"{name}_perfect" for name in PERFECT), "subject_in_model"]
SCORE_HEADER = ["subject", *FIRST, "case", "mask", "data_range", "unit", "resampled", *LAST]
REGION_HEADER = ["subject", "case", "label", "voxels", "mae", "bias", "ssim", "unit"]


def score_row(result: CaseResult, method: str) -> list[str]:
    """One row under `SCORE_HEADER`."""
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


def region_table(results: Sequence[CaseResult]) -> list[list[str]]:
    """Rows under `REGION_HEADER`: every label of every case, with 0 voxels where it is absent."""
    rows = []
    for result in results:
        regions = {region.label: region for region in result.regions}
        for label in region_labels(results):
            region = regions.get(label)
            scores = [math.nan] * 3 if region is None else [region.mae, region.bias, region.ssim]
            rows.append(
                [
                    result.pair.subject,
                    result.pair.name,
                    str(label),
                    "0" if region is None else str(region.voxels),
                    *map(_cell, scores),
                    result.facts.unit,
                ]
            )
    return rows


def region_labels(results: Sequence[CaseResult]) -> list[int]:
    """Every label of any case."""
    return sorted({region.label for result in results for region in result.regions})


def _cell(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.6g}"
