"""Synthesis of volumes with a trained method: inference, model files and prediction of cohorts."""

from crossvox.synthesis.synthesizer import Synthesizer

__all__ = ["Synthesizer"]
