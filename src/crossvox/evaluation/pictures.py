"""Draw pictures of the worst cases while their volumes are in memory."""

from crossvox.report.figures import draw_strip
from crossvox.scoring.loading import LoadedPair
from crossvox.scoring.results import CaseResult


class WorstPictures:
    """Collector of pictures of the offered cases with the lowest SSIM.

    Args:
        limit: Largest number of pictures.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ranks: dict[str, tuple[float, str]] = {}
        self.pictures: dict[str, bytes] = {}

    def offer(self, result: CaseResult, loaded: LoadedPair) -> None:
        """Draw the case if it is among the worst so far, and drop the best of them if needed."""
        name = result.pair.name
        rank = (result.own["ssim"], name)
        if len(self._ranks) >= self._limit:
            best = max(self._ranks, key=self._ranks.__getitem__, default=None)
            if best is None or rank >= self._ranks[best]:
                return
            del self._ranks[best], self.pictures[best]
        self._ranks[name] = rank
        self.pictures[name] = draw_strip(loaded)
