"""Description of a measure: name, title, unit, direction, definition and function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from crossvox.scoring.scored_volume import ScoredVolume

Better = Literal["lower", "higher", "near zero", "neither"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Measure, which fills one column of the scores.

    Attributes:
        name: Column name in `scores.csv`.
        title: Name in reports.
        better: Direction of better scores.
        unit: Unit in words; "target" stands for the target volume's unit.
        definition: Formula, with s and r for the synthesized and the reference volume, M for the
            mask and L for the stated range.
        reading: Explanation for a reader new to the measure.
        function: Score of a volume; NaN if the measure is undefined for it.
        digits: Decimals; ignored if the unit is the target's.
        compared: Whether methods are tested against each other with this measure.
    """

    name: str
    title: str
    better: Better
    unit: str
    definition: str
    reading: str
    function: Callable[[ScoredVolume], float]
    digits: int = 3
    compared: bool = False

    def described(self) -> dict[str, object]:
        """All fields except function and definition, for JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "better": self.better,
            "unit": self.unit,
            "reading": self.reading,
            "digits": self.digits,
            "compared": self.compared,
        }
