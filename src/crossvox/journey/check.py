"""Check a cohort of files and report its findings."""

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
    """Findings of a checked cohort.

    Attributes:
        check: Findings of every case.
        people: Number of people.
        left_out: Reason why a case was not checked, by case name.
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
    """Read and check the cohort below `data`.

    Args:
        data: Path of a BIDS folder, a manifest, or a folder with one folder per modality.
        modalities: Modalities to check, source first; by default those that every case has.
        allow_synthetic: Whether to check synthesized volumes too instead of leaving them out.
        progress: Receiver of the progress over cases.

    Raises:
        CohortError: No case has these modalities.
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
    """Read the cohort with the named modalities, or with those that every case has."""
    if modalities:
        return survey_cohort(data, modalities=modalities, synthesized=synthesized)
    survey = survey_cohort(data, synthesized=synthesized)
    shared, others = _shared(survey.cases)
    reading = survey_cohort(data, modalities=shared, synthesized=synthesized)
    unchecked = [
        f"{name} is not checked, because only {count} of {len(survey.cases)} cases have it; use"
        f" --modalities {','.join([*shared, name])} to check those"
        for name, count in others.items()
    ]
    return replace(reading, notes=(*survey.notes, *unchecked))


def _shared(cases: Sequence[Case]) -> tuple[list[str], dict[str, int]]:
    """Modalities that every case has, and the number of cases with each other modality."""
    counts = Counter(name for case in cases for name in case.images)
    shared = sorted(name for name, count in counts.items() if count == len(cases))
    if not shared:
        raise CohortError(
            "no modality is in every case; name the modalities, for example --modalities FLAIR,T1w"
        )
    return shared, {name: counts[name] for name in sorted(counts) if name not in shared}
