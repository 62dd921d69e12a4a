"""Scores of single cases, and their summary over people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crossvox.metrics import KernelDistance
from crossvox.scoring.pairs import Pair
from crossvox.scoring.scores import RegionScore, Scores
from crossvox.scoring.statistics import Interval, PairedDifference

SYNTHESIZED = "synthesized"
PERFECT = ("mae", "psnr", "ssim")  # measures computed for a perfect network


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """Conditions under which a case was scored.

    Attributes:
        mask_origin: Origin of the mask, in words.
        mask_voxels: Number of voxels in the mask.
        data_range: Stated range, in `unit`.
        unit: Unit of the target.
        resampled: Names of the files whose grid differed from that of the reference.
        grid: Grid of the reference, in words.
        slice_positions_mm: Through-plane distance of each slice from the first, (slices,).
        sidecar: Contents of the JSON file beside the synthesized volume.
        uncovered: Share of the mask not covered by the volume, 0 to 1, by method.
        known: Status of the person in the model ("train", "none"), from the sidecar, by method.
        perfect: Scores of a perfect network with the method's target scale, by method; empty if
            its sidecar has no scale.
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
    """Scores of one case; the keys of mappings are methods: "synthesized" or a baseline.

    Attributes:
        pair: Files of the case.
        facts: Conditions of the scoring.
        scores: Value of every measure.
        regions: Scores of the synthesized volume inside each label.
        slice_curves: Mean error of each slice, (slices,).
        features: Random 3D features, (cells, features), including those of "reference".
        slice_features: Inception features, (slices, 2048), including those of "reference"; empty
            without weights.
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
    """Scores of a perfect network with a method's target scale.

    Attributes:
        means: Mean over people of each measure in `PERFECT`.
        people: Number of people whose sidecars have the scale.
    """

    means: Mapping[str, float]
    people: int


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Scores of every method over all subjects.

    Attributes:
        subjects: Number of people who were scored.
        intervals: Mean and 95 % confidence interval, by method and measure.
        comparisons: Paired differences, with Holm's correction over all of them.
        frechet_random3d: Distance by method; NaN if too few cells are inside the masks.
        fid: FID by method; empty without weights of Inception-v3.
        kid: KID by method; empty without weights of Inception-v3.
        images: Number of reference slices behind FID and KID.
        perfect: Scores of a perfect network, by method; only methods with a target scale.
    """

    subjects: int
    intervals: Mapping[str, Mapping[str, Interval]]
    comparisons: tuple[PairedDifference, ...]
    frechet_random3d: Mapping[str, float]
    fid: Mapping[str, float] = field(default_factory=dict)
    kid: Mapping[str, KernelDistance] = field(default_factory=dict)
    images: int = 0
    perfect: Mapping[str, Perfect] = field(default_factory=dict)
