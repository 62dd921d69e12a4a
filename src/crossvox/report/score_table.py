"""Rows of the CSV files of scores that evaluations and comparisons share."""

import math
from collections.abc import Sequence

from crossvox.report.formatting import UNKNOWN
from crossvox.scoring.measures import LINEAR, NAMES
from crossvox.scoring.results import PERFECT, CaseResult

# New columns come last, so that programs that count columns still find the old ones.
FIRST_MEASURES = [name for name in NAMES if name not in LINEAR]
LAST_COLUMNS = ["uncovered", *LINEAR, *(f"{name}_perfect" for name in PERFECT), "subject_in_model"]
SCORE_HEADER = [
    "subject",
    *FIRST_MEASURES,
    "case",
    "mask",
    "data_range",
    "unit",
    "resampled",
    *LAST_COLUMNS,
]
REGION_HEADER = ["subject", "case", "label", "voxels", "mae", "bias", "ssim", "unit"]


def score_row(result: CaseResult, method: str) -> list[str]:
    """Build the row of one case under `SCORE_HEADER`."""
    scores, facts = result.scores[method], result.facts
    perfect = facts.perfect.get(method, {})
    return [
        result.pair.subject,
        *(_cell(scores[name]) for name in FIRST_MEASURES),
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
    """Build rows under `REGION_HEADER`: all labels of each case, absent ones with 0 voxels."""
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
    """Labels that occur in any case, in increasing order."""
    return sorted({region.label for result in results for region in result.regions})


def _cell(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.6g}"
