"""Who is trained on, who is watched during training and who is tested on."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crossvox.cohort.case import SPLITS, Case, Split
from crossvox.errors import CohortError, SettingsError

ENOUGH_FOR_ALL_PARTS = 3
SHARE_TOLERANCE = 1e-6
FRACTIONS = (0.7, 0.15, 0.15)  # default
SPELLINGS: dict[str, Split] = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "ts", "holdout"), "test"),
}
UNKNOWN = frozenset({"", "n/a", "na", "none"})


def split_cohort(
    cases: Sequence[Case], *, seed: int, fractions: tuple[float, float, float] | None = None
) -> tuple[Case, ...]:
    """`cases`, each with its split: the one the data give, else drawn by person.

    People stand in an order that the seed and their own names decide, and the parts are cut out
    of it: of those who were there before, a new person moves only people at the ends of a part.

    Args:
        cases: In any order; the order is kept.
        seed: Same seed and people, same split.
        fractions: Shares of people for training, validation and test, where the data give no
            splits; `FRACTIONS` if None. From three people on, each part with a share gets at
            least one of them.

    Raises:
        CohortError: One person is in two splits, or only some cases have one.
        SettingsError: The fractions are not shares of one, or the data give splits already.
    """
    refuse_shared_people(cases)
    unsplit = [case.name for case in cases if case.split is None]
    if cases and not unsplit:
        _refuse_two_origins(fractions)
        return tuple(cases)
    if len(unsplit) < len(cases):
        raise CohortError(
            f"{len(unsplit)} of {len(cases)} cases have no split, such as {unsplit[0]}; "
            "give a split to all of them or to none"
        )
    people = sorted({case.subject for case in cases}, key=lambda person: _place(person, seed=seed))
    ends = np.cumsum(_part_sizes(len(people), fractions or FRACTIONS))
    part_of = {
        person: SPLITS[int(np.searchsorted(ends, place, side="right"))]
        for place, person in enumerate(people)
    }
    return tuple(replace(case, split=part_of[case.subject]) for case in cases)


def people_in_two_splits(cases: Sequence[Case]) -> dict[str, tuple[Split, ...]]:
    """The splits of each person who is in more than one."""
    splits: defaultdict[str, set[Split]] = defaultdict(set)
    for case in cases:
        if case.split is not None:
            splits[case.subject].add(case.split)
    return {
        person: tuple(sorted(found, key=SPLITS.index))
        for person, found in splits.items()
        if len(found) > 1
    }


def refuse_shared_people(cases: Sequence[Case]) -> None:
    """Refuse a cohort that would be tested on people it was trained on.

    Raises:
        CohortError: One person is in two splits.
    """
    for person, splits in people_in_two_splits(cases).items():
        raise CohortError(
            f"{person} is in {' and '.join(splits)}; put all cases of a person into one split"
        )


def parse_split(text: str | None, *, origin: str) -> Split | None:
    """The split that `text` names in one of the usual spellings, None where it names none.

    Raises:
        CohortError: `text` is something else.
    """
    spelling = (text or "").strip().lower()
    if spelling in UNKNOWN:
        return None
    if spelling not in SPELLINGS:
        raise CohortError(f"{origin}: unknown split {text!r}; use {', '.join(SPLITS)}")
    return SPELLINGS[spelling]


def _refuse_two_origins(fractions: tuple[float, float, float] | None) -> None:
    if fractions is not None:
        raise SettingsError(
            f"cohort.fractions is {list(fractions)}, and the data say themselves who is trained"
            " on; leave out cohort.fractions, or the splits of the data"
        )


def _place(person: str, *, seed: int) -> bytes:
    """Where a person stands in the drawn order, whoever else is there."""
    return hashlib.sha256(f"{seed} {person}".encode()).digest()


def _part_sizes(people: int, fractions: tuple[float, float, float]) -> list[int]:
    """Whole numbers nearest to the shares (largest remainder), none of them empty if it can be."""
    if min(fractions) < 0 or abs(sum(fractions) - 1) > SHARE_TOLERANCE:
        raise SettingsError(f"split fractions {fractions} must be shares that add up to 1")
    shares = [fraction * people for fraction in fractions]
    sizes = [int(share) for share in shares]
    by_remainder = sorted(range(len(sizes)), key=lambda part: sizes[part] - shares[part])
    for part in by_remainder[: people - sum(sizes)]:
        sizes[part] += 1
    for part, fraction in enumerate(fractions):
        if people >= ENOUGH_FOR_ALL_PARTS and fraction > 0 and sizes[part] == 0:
            sizes[sizes.index(max(sizes))] -= 1
            sizes[part] = 1
    return sizes
