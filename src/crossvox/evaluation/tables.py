"""Write the numbers of an evaluation as CSV and JSON files."""

import json
from dataclasses import asdict
from pathlib import Path

from crossvox.evaluation.results import Evaluation, EvaluationSettings
from crossvox.files.tables import write_csv, write_json
from crossvox.report.protocol import inception_facts, versions
from crossvox.report.score_table import REGION_HEADER, SCORE_HEADER, region_table, score_row
from crossvox.scoring.baselines import BASELINES, MEANINGS
from crossvox.scoring.measures import MEASURES
from crossvox.scoring.pairs import Failure
from crossvox.scoring.results import SYNTHESIZED

NUMBERS_FILE = "comparison.json"


def write_tables(evaluation: Evaluation, out: Path, *, settings: EvaluationSettings) -> None:
    """Write scores.csv, baselines.csv, comparison.json and, with label maps, regions.csv."""
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
        write_csv(out / "regions.csv", REGION_HEADER, region_table(results))
    write_json(out / NUMBERS_FILE, _numbers(evaluation, settings))


def read_failures(folder: Path) -> tuple[Failure, ...]:
    """Read the cases that an evaluation in `folder` did not score; empty if unknown."""
    try:
        numbers = json.loads((folder / NUMBERS_FILE).read_bytes())
        cases = (*numbers["failed"], *numbers.get("left_out", ()))
        return tuple(Failure(**case) for case in cases)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _numbers(evaluation: Evaluation, settings: EvaluationSettings) -> dict[str, object]:
    summary = evaluation.summary
    return {
        "subjects": summary.subjects,
        "cases": len(evaluation.results),
        "measures": [measure.described() for measure in MEASURES],
        "baselines": MEANINGS,
        "recipe": settings.protocol.facts(evaluation.results),
        "summary": {
            method: {name: asdict(interval) for name, interval in measures.items()}
            for method, measures in summary.intervals.items()
        },
        "frechet_random3d": dict(summary.frechet_random3d),
        "fid": dict(summary.fid) or None,
        "kid": {name: asdict(kid) for name, kid in summary.kid.items()} or None,
        "inception": inception_facts(evaluation.inception_sha256, summary.images),
        "comparisons": [asdict(comparison) for comparison in summary.comparisons],
        "perfect_network": {name: asdict(perfect) for name, perfect in summary.perfect.items()},
        "notes": evaluation.notes,
        "left_out": [asdict(failure) for failure in evaluation.left_out],
        "failed": [asdict(failure) for failure in evaluation.failures],
        "references_without_synthesized": [path.name for path in evaluation.unmatched],
        "versions": versions(),
    }
