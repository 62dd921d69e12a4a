"""Finding pairs that show two people, and people who appear under two names or in two splits."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from crossvox.cohort.split import people_in_two_splits
from crossvox.screening.alignment import align
from crossvox.screening.copies import share_voxels
from crossvox.screening.examine import ExaminedCase
from crossvox.screening.findings import Severity
from crossvox.screening.fingerprint import BOX_CELLS, nearest

OTHERS_SAMPLED = 5  # cases of other people that each pair is compared with
MIN_OTHERS_FOR_MEDIAN = 3
# The right target has at least 1.42 times the mutual information of the median target of other
# people (28 real pairs of 24 people), and 1.26 times that of the best. A wrong target stays below
# the first ratio in 76 to 98 of 100 exchanges whose right target is not in the cohort.
SUSPICIOUS_RATIO = 1.25
BETTER_FIT_RATIO = 1.1
MAX_COMPARED = 32  # cases of other people that a suspicious target is compared with
# Mutual information minus 1 within one modality (geometric mean over both modalities) is 0.119 to
# 0.156 between two sessions of one person, and at most 0.086 between two people.
ONE_PERSON_INFORMATION = 0.105
# Two sessions of one person have at least 1.05 times the information of source and target of one
# session. Different people above the limit (synthetic heads of a few ellipsoids, or the most
# similar of thousands) have less than their own pairs.
SURE_SHARE_OF_OWN_PAIR, SUSPICIOUS_SHARE_OF_OWN_PAIR = 1.0, 0.8
TWO_PEOPLE_INFORMATION = ONE_PERSON_INFORMATION / 2  # less in any modality means two people
MOST_SIMILAR = 5  # cases that each case is aligned with, chosen by fingerprint
HEAD_SIZE_TOLERANCE = 0.1  # of the volume; two sessions of one person differ by less
COARSEST_RECOGNIZABLE_MM = 8.0  # with 14 mm voxels all phantoms look alike, with 7 mm none do


def report_wrong_people(
    cases: Sequence[ExaminedCase],
    *,
    source: str,
    target: str,
    seed: int,
    max_compared: int = MAX_COMPARED,
) -> None:
    """Report pairs whose target fits the source no better than the targets of other people.

    Each source is first compared with the targets of a few other people. A suspicious pair is then
    compared with more, starting with other suspicious pairs, where exchanged targets are.

    Args:
        cases: Examined cases; cases whose pair could not be measured are skipped.
        source: Source modality.
        target: Target modality.
        seed: Random seed for choosing other people.
        max_compared: Maximum number of cases that a suspicious pair is compared with.
    """
    measured = [case for case in cases if target in case.alignments]
    people = {case.case.subject: number for number, case in enumerate(measured)}
    person_numbers = np.array([people[case.case.subject] for case in measured])
    generator = np.random.default_rng(seed)
    suspects: list[int] = []
    for index, case in enumerate(measured):
        others = np.flatnonzero(person_numbers != person_numbers[index])
        flipped = any(finding.kind == "flip" for finding in case.findings)
        if not others.size or flipped:
            continue
        chosen = generator.choice(others, size=min(OTHERS_SAMPLED, others.size), replace=False)
        fits = _fits(case, [measured[other] for other in chosen], source=source, target=target)
        if case.alignments[target].information < SUSPICIOUS_RATIO * median(fits):
            suspects.append(index)
    for index in suspects:
        others = np.flatnonzero(person_numbers != person_numbers[index])
        suspicious_first = np.isin(others, suspects) + generator.random(others.size)
        chosen = others[np.argsort(-suspicious_first)[:max_compared]]
        compared = [measured[other] for other in sorted(chosen)]
        _report_suspect(measured[index], compared, of=others.size, source=source, target=target)


def report_leaks(cases: Sequence[ExaminedCase], *, modalities: Sequence[str]) -> None:
    """Report people who are in two splits, judged by name and by their images, as errors.

    Fingerprints are compared between all cases; each case is then aligned with the `MOST_SIMILAR`
    most similar cases. A match is only a warning if the two cases are less similar than source and
    target of one case, if there is no target to compare with, or if no case has a split yet.
    """
    for person, splits in people_in_two_splits([case.case for case in cases]).items():
        for case in cases:
            if case.case.subject == person:
                case.report(
                    "split",
                    f"{person} is in {' and '.join(splits)}",
                    "put all cases of a person into one split",
                    severity="error",
                )
    for index, other_index in _similar_cases(cases, modalities):
        case, other = cases[index], cases[other_index]
        if share_voxels(case, other):
            continue  # reported as copies
        similarity = _similarity(case, other, modalities)
        pairs = [*case.alignments.values(), *other.alignments.values()]
        own = max((pair.information for pair in pairs), default=0.0)
        if similarity > max(ONE_PERSON_INFORMATION, SUSPICIOUS_SHARE_OF_OWN_PAIR * own):
            sure = own > 0 and similarity > SURE_SHARE_OF_OWN_PAIR * own
            _report_same_person(case, other, severity="error" if sure else "warning")


def _report_same_person(case: ExaminedCase, other: ExaminedCase, *, severity: Severity) -> None:
    same_person = f"seems to show the same person as {other.case.name}"
    if case.case.split is None:
        case.report(
            "person",
            f"{same_person}, under another name",
            "inspect both; if they show one person, give them one subject to share one split",
            severity="warning",
        )
        return
    case.report(
        "person",
        f"{same_person}, but {case.case.name} is in {case.case.split} and {other.case.name} in "
        f"{other.case.split}",
        "inspect both; if they show one person, put them into one split",
        severity=severity,
    )


def _report_suspect(
    case: ExaminedCase, others: Sequence[ExaminedCase], *, of: int, source: str, target: str
) -> None:
    own = case.alignments[target].information
    fits = _fits(case, others, source=source, target=target)
    best = int(np.argmax(fits))
    compared = "" if of == len(others) else f"; {len(others)} of {of} other cases compared"
    if fits[best] > BETTER_FIT_RATIO * own:
        problem = (
            f"{target} seems to show another person: the {target} of {others[best].case.name} fits "
            f"better (mutual information {1 + fits[best]:.3f}, own {1 + own:.3f}{compared})"
        )
    elif len(fits) >= MIN_OTHERS_FOR_MEDIAN and own < SUSPICIOUS_RATIO * median(fits):
        problem = (
            f"{target} seems to show another person: it fits no better than other people's (mutual "
            f"information {1 + own:.3f}, median of others {1 + median(fits):.3f}{compared})"
        )
    else:
        return
    case.report("person", problem, "check whether files were mixed up", severity="error")


def _fits(
    case: ExaminedCase, others: Iterable[ExaminedCase], *, source: str, target: str
) -> list[float]:
    """Mutual information minus 1 of the source of `case` with the target of each other case."""
    own = case.coarse(source)
    return [align(own, other.coarse(target)).information for other in others]


def _similar_cases(
    cases: Sequence[ExaminedCase], modalities: Sequence[str]
) -> list[tuple[int, int]]:
    """Pairs of cases that may show one person under two names, each pair once."""
    blank = np.zeros(BOX_CELLS, dtype=np.int8)
    neighbors = nearest(
        [[case.prints.get(name, blank) for name in modalities] for case in cases],
        count=MOST_SIMILAR,
        comparable=_may_leak(cases, modalities),
    )
    pairs = {
        (min(index, other), max(index, other))
        for index, others in enumerate(neighbors)
        for other in others
    }
    return sorted(pairs)


def _may_leak(
    cases: Sequence[ExaminedCase], modalities: Sequence[str]
) -> Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.bool_]]:
    """Predicate: two names, no shared split, heads of similar size, and fine voxels."""
    names = _numbered(case.case.subject for case in cases)
    splits = _numbered(case.case.split for case in cases)
    unsplit = np.array([case.case.split is None for case in cases])
    sizes = np.array([_head_mm3(case, modalities[0]) for case in cases])
    fine = np.array([_is_recognizable(case) for case in cases])

    def comparable(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
        row, column = rows[:, None], columns[None, :]
        apart = (splits[row] != splits[column]) & (unsplit[row] == unsplit[column])
        apart |= unsplit[row] & unsplit[column]
        smaller = np.minimum(sizes[row], sizes[column])
        same_size = np.maximum(sizes[row], sizes[column]) < (1 + HEAD_SIZE_TOLERANCE) * smaller
        two_names = names[row] != names[column]
        worthwhile: NDArray[np.bool_] = two_names & apart & same_size & fine[row] & fine[column]
        return worthwhile

    return comparable


def _numbered(values: Iterable[str | None]) -> NDArray[np.intp]:
    """Number of each value, equal for equal values."""
    numbers: dict[str | None, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.intp)


def _is_recognizable(case: ExaminedCase) -> bool:
    return all(max(grid.spacing_mm) <= COARSEST_RECOGNIZABLE_MM for grid in case.grids.values())


def _head_mm3(case: ExaminedCase, modality: str) -> float:
    if modality not in case.packed:
        return 0.0
    coarse = case.coarse(modality)
    return int(np.count_nonzero(coarse.head)) * coarse.lattice.voxel_mm3


def _similarity(case: ExaminedCase, other: ExaminedCase, modalities: Sequence[str]) -> float:
    """Geometric mean of mutual information minus 1 over the modalities that both cases have."""
    informations: list[float] = []
    for name in modalities:
        if name in case.packed and name in other.packed:
            informations.append(align(case.coarse(name), other.coarse(name)).information)
            if informations[-1] < TWO_PEOPLE_INFORMATION:
                return 0.0
    return math.prod(informations) ** (1 / max(1, len(informations)))
