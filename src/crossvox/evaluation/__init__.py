"""Score anybody's synthesized volumes against their references; no model is known here."""

from crossvox.evaluation.evaluate import evaluate, score_pair
from crossvox.evaluation.pairs import (
    Failure,
    Pair,
    Pairing,
    find_pairs,
    read_pairs,
    write_pairs,
)
from crossvox.evaluation.results import CaseResult, Evaluation, EvaluationSettings, Summary
from crossvox.evaluation.runs import RunDescription, read_run

__all__ = [
    "CaseResult",
    "Evaluation",
    "EvaluationSettings",
    "Failure",
    "Pair",
    "Pairing",
    "RunDescription",
    "Summary",
    "evaluate",
    "find_pairs",
    "read_pairs",
    "read_run",
    "score_pair",
    "write_pairs",
]
