"""Progress of long work: its protocol, and displays for terminals and notebooks."""

from crossvox.progress.protocol import QUIET, Progress, Quiet

__all__ = ["QUIET", "Progress", "Quiet"]
