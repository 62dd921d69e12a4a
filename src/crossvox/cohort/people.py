"""Whether a pair shows one person, and two cases two people: cases compared with each other."""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from crossvox.cohort.alignment import align
from crossvox.cohort.coarse import CoarseVolume
from crossvox.cohort.examine import Examined
from crossvox.cohort.split import people_in_two_splits

STRANGERS = 5
ENOUGH_STRANGERS = 3
# A person's own target tells at least 1.42 times as much as the median stranger's (28 real pairs
# of 25 people), and at least 1.26 times as much as the best stranger's. A stranger's stays below
# the first ratio in 76 to 98 of 100 exchanges where the right target is not in the cohort.
SUSPICIOUS_RATIO = 1.25
STRANGER_RATIO = 1.1
# Within one modality, two sessions of one person measure 0.120 to 0.153 (geometric mean over
# both modalities), two people at most 0.092.
ONE_PERSON_INFORMATION = 0.105
SAME_SIZE = 0.1  # two sessions of one person differ by less of the head's volume
COARSEST_RECOGNISABLE_MM = 8.0  # phantoms of 14 mm voxels all look alike, of 7 mm none do
MOST_COMPARISONS = 2000  # at about 15 ms each


def report_wrong_people(cases: Sequence[Examined], *, source: str, target: str, seed: int) -> None:
    """Note pairs whose target fits the source no better than the targets of other people.

    Args:
        cases: Examined; those whose pair could not be measured are passed over.
        source: Modality compared from.
        target: Modality compared with.
        seed: Chooses the other people where there are many.
    """
    measured = [case for case in cases if target in case.alignments]
    generator = np.random.default_rng(seed)
    for case in measured:
        others = [other for other in measured if other.case.subject != case.case.subject]
        flipped = any("flipped" in finding.problem for finding in case.findings)
        if not others or flipped:
            continue
        chosen = generator.choice(len(others), size=min(STRANGERS, len(others)), replace=False)
        own = case.alignments[target].information
        strangers = [_fit(case, others[index], source=source, target=target) for index in chosen]
        if own < SUSPICIOUS_RATIO * median(strangers):
            _report_suspect(case, others, source=source, target=target)


def report_leaks(cases: Sequence[Examined], *, modalities: Sequence[str]) -> None:
    """Note people who are in two splits, by name (error) or by their images (warning)."""
    for person, splits in people_in_two_splits([case.case for case in cases]).items():
        for case in cases:
            if case.case.subject == person:
                case.report(
                    f"{person} is in {' and '.join(splits)}",
                    "put all cases of a person into one split",
                    severity="error",
                )
    comparable = [
        (case, other)
        for index, case in enumerate(cases)
        for other in cases[index + 1 :]
        if _might_leak(case, other, modalities)
    ]
    for case, other in comparable[:MOST_COMPARISONS]:
        if _likeness(case, other, modalities) > ONE_PERSON_INFORMATION:
            case.report(
                f"looks like the person of {other.case.name}, but {case.case.name} is in "
                f"{case.case.split} and {other.case.name} in {other.case.split}",
                "look at both; if they are one person, put them into one split",
                severity="warning",
            )


def _report_suspect(
    case: Examined, others: Sequence[Examined], *, source: str, target: str
) -> None:
    own = case.alignments[target].information
    fits = [_fit(case, other, source=source, target=target) for other in others]
    best = int(np.argmax(fits))
    if fits[best] > STRANGER_RATIO * own:
        problem = (
            f"{target} seems to show another person: that of {others[best].case.name} fits better "
            f"(mutual information {1 + fits[best]:.3f}, own {1 + own:.3f})"
        )
    elif len(fits) >= ENOUGH_STRANGERS and own < SUSPICIOUS_RATIO * median(fits):
        problem = (
            f"{target} seems to show another person: it fits no better than those of strangers "
            f"(mutual information {1 + own:.3f}, strangers {1 + median(fits):.3f})"
        )
    else:
        return
    case.report(problem, "see whether files were mixed up", severity="error")


def _fit(case: Examined, other: Examined, *, source: str, target: str) -> float:
    return align(case.coarse[source], other.coarse[target]).information


def _might_leak(case: Examined, other: Examined, modalities: Sequence[str]) -> bool:
    splits = {case.case.split, other.case.split}
    if len(splits - {None}) < len(splits) or len(splits) == 1:
        return False
    if case.case.subject == other.case.subject:
        return False
    grids = [grid for examined in (case, other) for grid in examined.grids.values()]
    if any(max(grid.spacing_mm) > COARSEST_RECOGNISABLE_MM for grid in grids):
        return False
    sizes = [_head_mm3(examined.coarse.get(modalities[0])) for examined in (case, other)]
    return min(sizes) > 0 and max(sizes) < (1 + SAME_SIZE) * min(sizes)


def _head_mm3(coarse: CoarseVolume | None) -> float:
    if coarse is None:
        return 0.0
    return int(np.count_nonzero(coarse.head)) * coarse.lattice.voxel_mm3


def _likeness(case: Examined, other: Examined, modalities: Sequence[str]) -> float:
    """Geometric mean over the modalities that both have."""
    shared = [name for name in modalities if name in case.coarse and name in other.coarse]
    informations = [align(case.coarse[name], other.coarse[name]).information for name in shared]
    return math.prod(informations) ** (1 / max(1, len(informations)))
