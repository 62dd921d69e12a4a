"""Score synthesized volumes of any origin against their references, without any model."""

from crossvox.evaluation.evaluate import evaluate, score_pair
from crossvox.evaluation.results import Evaluation, EvaluationSettings

__all__ = ["Evaluation", "EvaluationSettings", "evaluate", "score_pair"]
