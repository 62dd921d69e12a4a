"""Splitting a cohort by person into training, validation and test."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crossvox.cohort.case import SPLITS, Case, Split
from crossvox.errors import CohortError, SettingsError

ENOUGH_FOR_ALL_SPLITS = 3
FRACTION_TOLERANCE = 1e-6
FRACTIONS = (0.7, 0.15, 0.15)  # of people for training, validation and test
SPLIT_OF_SPELLING: dict[str, Split] = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "ts", "holdout"), "test"),
}
NO_SPLIT_SPELLINGS = frozenset({"", "n/a", "na", "none"})


def split_cohort(
    cases: Sequence[Case], *, seed: int, fractions: tuple[float, float, float] | None = None
) -> tuple[Case, ...]:
    """Assign a split to each of `cases`: the split in the data, or else a random split by person.

    People are ordered by a hash of the seed and their own identifier, and that order is cut into
    the splits, so adding a person moves only people at the boundaries between splits.

    Args:
        cases: Cases in any order, which is kept.
        seed: Random seed; the same seed and people give the same split.
        fractions: Fractions of people for training, validation and test if the data define no
            splits; `FRACTIONS` if None. With three people or more, each split of a positive
            fraction gets at least one person.

    Raises:
        CohortError: One person is in two splits, or only some cases have a split.
        SettingsError: The fractions do not add up to 1, or the data already define splits.
    """
    refuse_shared_people(cases)
    unsplit = [case.name for case in cases if case.split is None]
    if cases and not unsplit:
        _refuse_redundant_fractions(fractions)
        return tuple(cases)
    if len(unsplit) < len(cases):
        raise CohortError(
            f"{len(unsplit)} of {len(cases)} cases have no split, such as {unsplit[0]}; "
            "give a split to all of them or to none"
        )
    people = sorted({case.subject for case in cases}, key=lambda person: _rank(person, seed=seed))
    ends = np.cumsum(_split_sizes(len(people), fractions or FRACTIONS))
    split_of = {
        person: SPLITS[int(np.searchsorted(ends, index, side="right"))]
        for index, person in enumerate(people)
    }
    return tuple(replace(case, split=split_of[case.subject]) for case in cases)


def people_in_two_splits(cases: Sequence[Case]) -> dict[str, tuple[Split, ...]]:
    """Splits of each person who is in more than one split."""
    splits: defaultdict[str, set[Split]] = defaultdict(set)
    for case in cases:
        if case.split is not None:
            splits[case.subject].add(case.split)
    return {
        person: tuple(sorted(own_splits, key=SPLITS.index))
        for person, own_splits in splits.items()
        if len(own_splits) > 1
    }


def refuse_shared_people(cases: Sequence[Case]) -> None:
    """Refuse a cohort with a person in two splits, who could be trained and tested on.

    Raises:
        CohortError: One person is in two splits.
    """
    for person, splits in people_in_two_splits(cases).items():
        raise CohortError(
            f"{person} is in {' and '.join(splits)}; put all cases of a person into one split"
        )


def parse_split(text: str | None, *, origin: str) -> Split | None:
    """Parse the name of a split in any usual spelling; None for empty text or "n/a".

    Raises:
        CohortError: `text` is not a known spelling of a split.
    """
    spelling = (text or "").strip().lower()
    if spelling in NO_SPLIT_SPELLINGS:
        return None
    if spelling not in SPLIT_OF_SPELLING:
        raise CohortError(f"{origin}: unknown split {text!r}; use {', '.join(SPLITS)}")
    return SPLIT_OF_SPELLING[spelling]


def _refuse_redundant_fractions(fractions: tuple[float, float, float] | None) -> None:
    if fractions is not None:
        raise SettingsError(
            f"cohort.fractions is {list(fractions)}, but the data already define splits; remove"
            " cohort.fractions, or the splits from the data"
        )


def _rank(person: str, *, seed: int) -> bytes:
    """Sort key of a person in the random order, independent of all other people."""
    return hashlib.sha256(f"{seed} {person}".encode()).digest()


def _split_sizes(people: int, fractions: tuple[float, float, float]) -> list[int]:
    """People per split by the largest-remainder method, no split empty if possible."""
    if min(fractions) < 0 or abs(sum(fractions) - 1) > FRACTION_TOLERANCE:
        raise SettingsError(f"split fractions must be at least 0 and add up to 1, got {fractions}")
    exact_sizes = [fraction * people for fraction in fractions]
    sizes = [int(size) for size in exact_sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda index: sizes[index] - exact_sizes[index])
    for index in by_remainder[: people - sum(sizes)]:
        sizes[index] += 1
    for index, fraction in enumerate(fractions):
        if people >= ENOUGH_FOR_ALL_SPLITS and fraction > 0 and sizes[index] == 0:
            sizes[sizes.index(max(sizes))] -= 1
            sizes[index] = 1
    return sizes
