"""A trained method, ready for use."""

from crossvox.synthesis.synthesizer import Synthesizer

__all__ = ["Synthesizer"]
