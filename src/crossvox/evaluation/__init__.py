"""Score anybody's synthesized volumes against their references; no model is known here."""

from crossvox.evaluation.admission import Admission
from crossvox.evaluation.evaluate import evaluate, score_pair
from crossvox.evaluation.pairs import (
    Failure,
    Pair,
    Pairing,
    find_pairs,
    read_pairs,
    write_pairs,
)
from crossvox.evaluation.perfect import perfect_sentence
from crossvox.evaluation.results import CaseResult, Evaluation, EvaluationSettings, Summary
from crossvox.evaluation.runs import RunDescription, read_run

__all__ = [
    "Admission",
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
    "perfect_sentence",
    "read_pairs",
    "read_run",
    "score_pair",
    "write_pairs",
]
