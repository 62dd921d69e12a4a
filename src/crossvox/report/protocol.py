"""The evaluation protocol for readers, for programs and for a paper's methods section."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
import torch

from crossvox.metrics import SsimWindow
from crossvox.report.formatting import counted, unit_of
from crossvox.scoring.loading import GIVEN_MASK, RANGE_PERCENTILES
from crossvox.scoring.results import CaseResult, Summary
from crossvox.scoring.statistics import DRAWS, LEVEL, MOST_FOR_EXACT
from crossvox.version import __version__


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Settings that an evaluation and a comparison share.

    Attributes:
        window: SSIM window.
        data_range: Stated range of every case; None for each reference's own.
        seed: Random seed for the bootstrap confidence intervals.
    """

    window: SsimWindow
    data_range: float | None
    seed: int

    @property
    def stated_range(self) -> str:
        """Origin of the range behind PSNR, SSIM and the normalized errors, in words."""
        if self.data_range is not None:
            return f"{self.data_range:g}, the same for every case"
        low, high = RANGE_PERCENTILES
        return f"{low:g} to {high:g} percentile of each reference inside the mask"

    def facts(self, results: Sequence[CaseResult]) -> dict[str, object]:
        """Protocol as a mapping, for JSON."""
        return {
            "ssim": str(self.window),
            "data_range": self.stated_range,
            "mask": sorted({result.facts.mask_origin for result in results}),
            "unit": sorted({result.facts.unit for result in results}),
            "interval": f"BCa bootstrap over subjects, level {LEVEL}, {DRAWS} draws",
            "grid": "the reference's",
            "test": f"Wilcoxon signed-rank, two-sided, exact up to {MOST_FOR_EXACT} subjects,"
            " Holm over the table of comparisons",
            "seed": self.seed,
        }

    def rows(self, results: Sequence[CaseResult]) -> list[tuple[str, str]]:
        """Name and value of each setting that changes a number."""
        masks = " or ".join(sorted({result.facts.mask_origin for result in results}))
        return [
            ("mask", masks),
            ("stated range", self.stated_range),
            ("SSIM", f"3D, {self.window}, K1 .01, K2 .03"),
            ("unit", unit_of(results)),
            ("intervals", f"95 %, BCa bootstrap over people, {DRAWS} draws, seed {self.seed}"),
            ("software", f"crossvox {__version__}"),
        ]

    def paragraph(self, results: Sequence[CaseResult], summary: Summary) -> str:
        """Text for a paper's methods section."""
        masks_given = all(result.facts.mask_origin == GIVEN_MASK for result in results)
        mask = (
            "the given masks"
            if masks_given
            else "the head of the reference (largest connected component above half the Otsu"
            " threshold, closed by two voxels, holes filled)"
        )
        tests = (
            "two-sided Wilcoxon signed-rank tests with Holm's correction over all comparisons"
            if any(row.p_value is not None for row in summary.comparisons)
            else "no hypothesis test, because the number of people is too small"
        )
        return (
            f"Synthesized volumes of {counted(summary.subjects, 'person', 'people')}"
            f" ({counted(len(results), 'case', 'cases')}) were compared with their references on"
            f" the grid of the references, inside {mask}. Parts of the mask outside a volume's"
            " field of view were filled with its lowest intensity. Mean absolute error, root mean"
            f" square error and bias are in {unit_of(results)}. PSNR, SSIM and normalized errors"
            f" refer to a stated range ({self.stated_range}). SSIM is three-dimensional"
            f" ({self.window}; K1 = .01, K2 = .03) and averaged inside the mask. Slice consistency"
            " is the mean absolute difference between the through-plane derivatives of the"
            " synthesized and the reference volume. Cases of one person were averaged first."
            " Intervals are 95 % bias-corrected and accelerated bootstrap intervals over people"
            f" ({DRAWS} draws). Methods were compared by paired differences, with {tests}."
            f" Evaluated with crossvox {__version__}."
        )


def inception_facts(sha256: str, images: int) -> dict[str, object] | None:
    """Weights and number of slices behind FID and KID; None without weights."""
    return {"sha256": sha256, "images": images} if sha256 else None


def versions() -> dict[str, str]:
    """Versions of the software behind the numbers."""
    return {
        "crossvox": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "torch": torch.__version__,
    }
