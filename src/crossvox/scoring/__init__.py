"""Find, admit, score and summarize pairs of synthesized and reference volumes."""

from crossvox.scoring.admission import Admission
from crossvox.scoring.pairs import (
    Failure,
    Pair,
    Pairing,
    find_pairs,
    read_pairs,
    write_pairs,
)
from crossvox.scoring.results import CaseResult, Summary
from crossvox.scoring.training_run import RunDescription, read_run

__all__ = [
    "Admission",
    "CaseResult",
    "Failure",
    "Pair",
    "Pairing",
    "RunDescription",
    "Summary",
    "find_pairs",
    "read_pairs",
    "read_run",
    "write_pairs",
]
