"""Scores of cases and what they say about people in general."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crossvox.metrics import KernelDistance
from crossvox.scoring.pairs import Pair
from crossvox.scoring.scores import RegionScore, Scores
from crossvox.scoring.statistics import Interval, PairedDifference

SYNTHESIZED = "synthesized"
PERFECT = ("mae", "psnr", "ssim")  # measures of what a perfect network would score


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """How a case was measured.

    Attributes:
        mask_origin: Where the mask comes from.
        mask_voxels: Its size.
        data_range: Stated range, in `unit`.
        unit: Of the target.
        resampled: Which files had another grid than the reference.
        grid: The reference's, in words.
        slice_positions_mm: (slices,) from the first slice, through the plane.
        sidecar: What stands in the JSON file beside the synthesized volume.
        uncovered: Share of the mask, 0 to 1, that a method's volume does not cover.
        known: What a method's sidecar says of the person in its model ("train", "none").
        perfect: Scores of a perfect network restored by a method's target scale; empty where
            its sidecar tells no scale.
    """

    mask_origin: str
    mask_voxels: int
    data_range: float
    unit: str
    resampled: tuple[str, ...]
    grid: str
    slice_positions_mm: NDArray[np.float64]
    sidecar: Mapping[str, object]
    uncovered: Mapping[str, float] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    perfect: Mapping[str, Scores] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class CaseResult:
    """Everything measured of one case; mappings go by method: "synthesized" or a baseline.

    Attributes:
        pair: Its files.
        facts: How it was measured.
        scores: Every measure.
        regions: Of the synthesized volume.
        slice_curves: (slices,) mean error of each slice.
        features: (cells, features) for the Frechet distance; "reference" is among them.
        slice_features: (slices, 2048) for FID and KID, likewise; empty without weights.
    """

    pair: Pair
    facts: CaseFacts
    scores: Mapping[str, Scores]
    regions: tuple[RegionScore, ...]
    slice_curves: Mapping[str, NDArray[np.float64]]
    features: Mapping[str, NDArray[np.float32]]
    slice_features: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def own(self) -> Scores:
        """Scores of the synthesized volume."""
        return self.scores[SYNTHESIZED]


@dataclass(frozen=True, kw_only=True)
class Perfect:
    """What a perfect network restored by a method's target scale would score.

    Attributes:
        means: Mean over people of each of `PERFECT`.
        people: How many people's sidecars tell the scale.
    """

    means: Mapping[str, float]
    people: int


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What holds over all subjects.

    Attributes:
        subjects: How many people were scored.
        intervals: Mean and interval of each measure, by method and measure.
        comparisons: Paired differences, corrected over this table.
        frechet_random3d: By method; NaN where too few cells lie inside the masks.
        fid: By method; empty without weights of Inception-v3.
        kid: Likewise.
        images: Slices of references behind FID and KID.
        perfect: By method; without those whose sidecars tell no target scale.
    """

    subjects: int
    intervals: Mapping[str, Mapping[str, Interval]]
    comparisons: tuple[PairedDifference, ...]
    frechet_random3d: Mapping[str, float]
    fid: Mapping[str, float] = field(default_factory=dict)
    kid: Mapping[str, KernelDistance] = field(default_factory=dict)
    images: int = 0
    perfect: Mapping[str, Perfect] = field(default_factory=dict)
