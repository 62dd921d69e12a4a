"""Progress of long work: the protocol, and what shows it on terminals and in notebooks."""

from crossvox.progress.protocol import QUIET, Progress, Quiet

__all__ = ["QUIET", "Progress", "Quiet"]
