"""From a cohort's files to what is wrong with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crossvox.cohort import Case, Reading, survey_cohort
from crossvox.cohort.reading import Synthesized
from crossvox.errors import CohortError
from crossvox.progress import QUIET, Progress
from crossvox.screening import CohortCheck, check_cohort


@dataclass(frozen=True, kw_only=True)
class CheckedCohort:
    """A cohort with its findings.

    Attributes:
        check: Findings of every case.
        people: Number of people.
        left_out: Reasons, by case that was not checked.
        remarks: Sentences on how the cohort was read.
    """

    check: CohortCheck
    people: int
    left_out: Mapping[str, str]
    remarks: tuple[str, ...]


def check_files(
    data: Path,
    *,
    modalities: Sequence[str] = (),
    allow_synthetic: bool = False,
    progress: Progress = QUIET,
) -> CheckedCohort:
    """Read and examine the cohort below `data`.

    Args:
        data: A BIDS folder, a manifest, or a folder with one folder per modality.
        modalities: The source first; those that every case has where empty.
        allow_synthetic: Check synthesized volumes too, which are left out otherwise.
        progress: Told of each case.

    Raises:
        CohortError: There is no case with these modalities.
    """
    reading = _read(data, modalities, synthesized="taken" if allow_synthetic else "left out")
    check = check_cohort(reading.cases, modalities=reading.modalities, progress=progress)
    return CheckedCohort(
        check=check,
        people=len({case.subject for case in reading.cases}),
        left_out=reading.left_out,
        remarks=tuple(reading.remarks),
    )


def _read(data: Path, modalities: Sequence[str], *, synthesized: Synthesized) -> Reading:
    """The cohort with the named modalities, or those that every case has."""
    if modalities:
        return survey_cohort(data, modalities=modalities, synthesized=synthesized)
    everything = survey_cohort(data, synthesized=synthesized)
    shared, others = _shared(everything.cases)
    reading = survey_cohort(data, modalities=shared, synthesized=synthesized)
    unchecked = [
        f"{name} is not checked, only {count} of {len(everything.cases)} cases have it;"
        f" --modalities {','.join([*shared, name])} checks them"
        for name, count in others.items()
    ]
    return replace(reading, notes=(*everything.notes, *unchecked))


def _shared(cases: Sequence[Case]) -> tuple[list[str], dict[str, int]]:
    """The modalities that every case has, and how many have each of the others."""
    held = Counter(name for case in cases for name in case.images)
    shared = sorted(name for name, count in held.items() if count == len(cases))
    if not shared:
        raise CohortError("no modality is in every case; name some: --modalities FLAIR,T1w")
    return shared, {name: held[name] for name in sorted(held) if name not in shared}
