"""Score anybody's synthesized volumes against their references; no model is known here."""

from crossvox.evaluation.evaluate import evaluate, score_pair
from crossvox.evaluation.results import Evaluation, EvaluationSettings

__all__ = ["Evaluation", "EvaluationSettings", "evaluate", "score_pair"]
