"""How everything was measured, for the reader and for a paper's methods section."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossvox import __version__
from crossvox.evaluation.loading import GIVEN_MASK
from crossvox.evaluation.results import CaseResult, Summary
from crossvox.evaluation.statistics import DRAWS
from crossvox.evaluation.tables import stated_range
from crossvox.evaluation.wording import counted, unit_of
from crossvox.metrics import SsimWindow


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What the settings of an evaluation and of a comparison have in common.

    Attributes:
        window: Of SSIM.
        data_range: One stated range for every case; each reference's own where absent.
        seed: Of the bootstrap.
    """

    window: SsimWindow
    data_range: float | None
    seed: int


def recipe_rows(results: Sequence[CaseResult], recipe: Recipe) -> list[tuple[str, str]]:
    """Name and words of everything that moves a number."""
    masks = " or ".join(sorted({result.facts.mask_origin for result in results}))
    return [
        ("mask", masks),
        ("stated range", stated_range(recipe.data_range)),
        ("SSIM", f"3D, {recipe.window}, K1 .01, K2 .03"),
        ("unit", unit_of(results)),
        ("intervals", f"95 %, BCa bootstrap over people, {DRAWS} draws, seed {recipe.seed}"),
        ("software", f"crossvox {__version__}"),
    ]


def methods_paragraph(results: Sequence[CaseResult], summary: Summary, recipe: Recipe) -> str:
    """How it was measured, to be pasted into a paper."""
    given = all(result.facts.mask_origin == GIVEN_MASK for result in results)
    mask = (
        "the given masks"
        if given
        else "the head of the reference (largest connected component above half the Otsu threshold,"
        " closed by two voxels, holes filled)"
    )
    tests = (
        "two-sided Wilcoxon signed-rank tests with Holm's correction over all comparisons"
        if any(row.p_value is not None for row in summary.comparisons)
        else "no hypothesis test, the number of people being too small for one"
    )
    return (
        f"Synthesized volumes of {counted(summary.subjects, 'person', 'people')}"
        f" ({counted(len(results), 'case', 'cases')}) were compared with their references on the"
        f" grid of the references, inside {mask}; what a volume does not cover counts as its lowest"
        " intensity. Mean absolute error, root mean square"
        f" error and bias are in {unit_of(results)}. PSNR, SSIM and normalised errors refer to a"
        f" stated range ({stated_range(recipe.data_range)}). SSIM is three-dimensional"
        f" ({recipe.window}; K1 = .01, K2 = .03) and averaged inside the mask. Slice consistency is"
        " the mean absolute difference of the through-plane derivatives of the synthesized and the"
        " reference volume. Cases of one person were averaged first. Intervals are 95 %"
        f" bias-corrected and accelerated bootstrap intervals over people ({DRAWS} draws);"
        f" methods were compared by paired differences, with {tests}."
        f" Evaluated with crossvox {__version__}."
    )
