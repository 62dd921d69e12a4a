"""A cohort examined before anything is trained on it."""

from collections.abc import Sequence

from crossvox.cohort.case import Case
from crossvox.errors import CohortError, CrossvoxError
from crossvox.files import read_grid
from crossvox.progress import QUIET, Progress
from crossvox.screening.coarse import lattice_step_mm
from crossvox.screening.copies import report_copies
from crossvox.screening.examine import Examined, examine
from crossvox.screening.findings import CaseCheck, CohortCheck
from crossvox.screening.people import report_leaks, report_wrong_people

SEED = 0


def check_cohort(
    cases: Sequence[Case],
    *,
    modalities: Sequence[str],
    progress: Progress = QUIET,
) -> CohortCheck:
    """What is wrong with `cases`: files, copies, pairs, masks and splits.

    Pairs are compared on a lattice of 4 mm by normalized mutual information: misplaced,
    flipped, incomplete, or of another person. Each is measured even where nothing is wrong.
    Seconds and memory a case do not grow with the cohort: each is aligned with a fixed number of
    others, and only copies and fingerprints are compared all with all.

    Args:
        cases: Each has all `modalities`.
        modalities: The source first; each other is compared with it.
        progress: Told of each case that is read.

    Raises:
        CohortError: A case lacks a modality.
    """
    for case in cases:
        lacks = [modality for modality in modalities if modality not in case.images]
        if lacks:
            raise CohortError(f"{case.name} lacks {', '.join(lacks)}; leave it out or add the file")
    step_mm = _shared_step_mm(cases, modality=modalities[0])
    examined = []
    for case in cases:
        examined.append(examine(case, modalities=modalities, step_mm=step_mm))
        progress.stage("checking", len(examined), len(cases))
    report_copies(examined)
    for target in modalities[1:]:
        report_wrong_people(examined, source=modalities[0], target=target, seed=SEED)
    report_leaks(examined, modalities=modalities)
    return CohortCheck(modalities=tuple(modalities), rows=tuple(_row(one) for one in examined))


def _shared_step_mm(cases: Sequence[Case], *, modality: str) -> float | None:
    """One lattice step for all, so that cases can be compared: that of the first that is read."""
    for case in cases:
        try:
            return lattice_step_mm(read_grid(case.images[modality]))
        except CrossvoxError:
            continue  # the case is reported when its voxels are read
    return None


def _row(examined: Examined) -> CaseCheck:
    return CaseCheck(
        name=examined.case.name,
        subject=examined.case.subject,
        split=examined.case.split,
        grids=examined.grids,
        ranges=examined.ranges,
        pairs=tuple(examined.pairs),
        findings=tuple(examined.findings),
    )
