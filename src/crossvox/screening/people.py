"""Whether a pair shows one person, and two cases two people: cases compared with each other."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from crossvox.cohort.split import people_in_two_splits
from crossvox.screening.alignment import align
from crossvox.screening.copies import share_voxels
from crossvox.screening.examine import Examined
from crossvox.screening.findings import Severity
from crossvox.screening.fingerprint import BOX_CELLS, nearest

STRANGERS = 5
ENOUGH_STRANGERS = 3
# A person's own target tells at least 1.42 times as much as the median stranger's (28 real pairs
# of 25 people), and at least 1.26 times as much as the best stranger's. A stranger's stays below
# the first ratio in 76 to 98 of 100 exchanges where the right target is not in the cohort.
SUSPICIOUS_RATIO = 1.25
STRANGER_RATIO = 1.1
MOST_LOOKED_AT = 32  # people among whom the person of a suspicious target is looked for
# Within one modality, two sessions of one person measure 0.120 to 0.156 (geometric mean over
# both modalities), two people at most 0.092.
ONE_PERSON_INFORMATION = 0.105
# Two sessions of one person measure at least 1.05 times as much as source and target of one
# session. Strangers who measure more than the limit above (drawn heads of a few ellipsoids, or the
# most alike of thousands) measure less than their own pairs.
SURE_SHARE_OF_OWN_PAIR, SUSPICIOUS_SHARE_OF_OWN_PAIR = 1.0, 0.8
HOPELESS_INFORMATION = ONE_PERSON_INFORMATION / 2  # in one modality, whatever the others say
MOST_ALIKE = 5  # cases that each case is aligned with, chosen by fingerprint
SAME_SIZE = 0.1  # two sessions of one person differ by less of the head's volume
COARSEST_RECOGNizABLE_MM = 8.0  # phantoms of 14 mm voxels all look alike, of 7 mm none do


def report_wrong_people(
    cases: Sequence[Examined],
    *,
    source: str,
    target: str,
    seed: int,
    most_looked_at: int = MOST_LOOKED_AT,
) -> None:
    """Note pairs whose target fits the source no better than the targets of other people.

    Each pair is compared with those of a few strangers, a suspicious one with more, the other
    suspicious ones first: exchanged targets are among them.

    Args:
        cases: Examined; those whose pair could not be measured are passed over.
        source: Modality compared from.
        target: Modality compared with.
        seed: Chooses the other people where there are many.
        most_looked_at: Number of people that a suspicious pair is compared with at most.
    """
    measured = [case for case in cases if target in case.alignments]
    people = {case.case.subject: number for number, case in enumerate(measured)}
    numbers = np.array([people[case.case.subject] for case in measured])
    generator = np.random.default_rng(seed)
    suspects: list[int] = []
    for index, case in enumerate(measured):
        others = np.flatnonzero(numbers != numbers[index])
        flipped = any(finding.kind == "flip" for finding in case.findings)
        if not others.size or flipped:
            continue
        chosen = generator.choice(others, size=min(STRANGERS, others.size), replace=False)
        fits = _fits(case, [measured[other] for other in chosen], source=source, target=target)
        if case.alignments[target].information < SUSPICIOUS_RATIO * median(fits):
            suspects.append(index)
    for index in suspects:
        others = np.flatnonzero(numbers != numbers[index])
        suspicious_first = np.isin(others, suspects) + generator.random(others.size)
        chosen = others[np.argsort(-suspicious_first)[:most_looked_at]]
        looked_at = [measured[other] for other in sorted(chosen)]
        _report_suspect(measured[index], looked_at, of=others.size, source=source, target=target)


def report_leaks(cases: Sequence[Examined], *, modalities: Sequence[str]) -> None:
    """Note people who are in two splits, by name or by their images, as errors.

    Images are compared by fingerprints, all with all; each case is then aligned with the
    `MOST_ALIKE` most similar. Two cases that are less alike than source and target of one case,
    or have no target to tell by, are a warning, and so is one person under two names where no
    case has a split yet.
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
    for index, other_index in _alike(cases, modalities):
        case, other = cases[index], cases[other_index]
        if share_voxels(case, other):
            continue  # reported as copies
        likeness = _likeness(case, other, modalities)
        pairs = [*case.alignments.values(), *other.alignments.values()]
        own = max((pair.information for pair in pairs), default=0.0)
        if likeness > max(ONE_PERSON_INFORMATION, SUSPICIOUS_SHARE_OF_OWN_PAIR * own):
            sure = own > 0 and likeness > SURE_SHARE_OF_OWN_PAIR * own
            _report_likeness(case, other, severity="error" if sure else "warning")


def _report_likeness(case: Examined, other: Examined, *, severity: Severity) -> None:
    alike = f"looks like the person of {other.case.name}"
    if case.case.split is None:
        case.report(
            "person",
            f"{alike}, who has another name",
            "look at both; if they are one person, give them one subject, or they may be split",
            severity="warning",
        )
        return
    case.report(
        "person",
        f"{alike}, but {case.case.name} is in {case.case.split} and {other.case.name} in "
        f"{other.case.split}",
        "look at both; if they are one person, put them into one split",
        severity=severity,
    )


def _report_suspect(
    case: Examined, others: Sequence[Examined], *, of: int, source: str, target: str
) -> None:
    own = case.alignments[target].information
    fits = _fits(case, others, source=source, target=target)
    best = int(np.argmax(fits))
    looked_at = "" if of == len(others) else f"; {len(others)} of {of} others looked at"
    if fits[best] > STRANGER_RATIO * own:
        problem = (
            f"{target} seems to show another person: that of {others[best].case.name} fits better "
            f"(mutual information {1 + fits[best]:.3f}, own {1 + own:.3f}{looked_at})"
        )
    elif len(fits) >= ENOUGH_STRANGERS and own < SUSPICIOUS_RATIO * median(fits):
        problem = (
            f"{target} seems to show another person: it fits no better than those of strangers "
            f"(mutual information {1 + own:.3f}, strangers {1 + median(fits):.3f}{looked_at})"
        )
    else:
        return
    case.report("person", problem, "see whether files were mixed up", severity="error")


def _fits(case: Examined, others: Iterable[Examined], *, source: str, target: str) -> list[float]:
    """How much the source of `case` tells about the target of each other case."""
    own = case.coarse(source)
    return [align(own, other.coarse(target)).information for other in others]


def _alike(cases: Sequence[Examined], modalities: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of cases that may show one person although they pass for two, each pair once."""
    blank = np.zeros(BOX_CELLS, dtype=np.int8)
    found = nearest(
        [[case.prints.get(name, blank) for name in modalities] for case in cases],
        count=MOST_ALIKE,
        comparable=_may_leak(cases, modalities),
    )
    pairs = {
        (min(index, other), max(index, other))
        for index, others in enumerate(found)
        for other in others
    }
    return sorted(pairs)


def _may_leak(
    cases: Sequence[Examined], modalities: Sequence[str]
) -> Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.bool_]]:
    """Which pairs are of two names, not of one split, of one size, and fine enough to tell."""
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
        alike = np.maximum(sizes[row], sizes[column]) < (1 + SAME_SIZE) * smaller
        two_names = names[row] != names[column]
        worthwhile: NDArray[np.bool_] = two_names & apart & alike & fine[row] & fine[column]
        return worthwhile

    return comparable


def _numbered(values: Iterable[str | None]) -> NDArray[np.intp]:
    """Equal numbers for equal values."""
    numbers: dict[str | None, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.intp)


def _is_recognizable(case: Examined) -> bool:
    return all(max(grid.spacing_mm) <= COARSEST_RECOGNizABLE_MM for grid in case.grids.values())


def _head_mm3(case: Examined, modality: str) -> float:
    if modality not in case.packed:
        return 0.0
    coarse = case.coarse(modality)
    return int(np.count_nonzero(coarse.head)) * coarse.lattice.voxel_mm3


def _likeness(case: Examined, other: Examined, modalities: Sequence[str]) -> float:
    """Geometric mean over the modalities that both have."""
    informations: list[float] = []
    for name in modalities:
        if name in case.packed and name in other.packed:
            informations.append(align(case.coarse(name), other.coarse(name)).information)
            if informations[-1] < HOPELESS_INFORMATION:
                return 0.0
    return math.prod(informations) ** (1 / max(1, len(informations)))
