"""Check of a whole cohort before training."""

from collections.abc import Sequence

from crossvox.cohort.case import Case
from crossvox.errors import CohortError, CrossvoxError
from crossvox.files import read_grid
from crossvox.progress import QUIET, Progress
from crossvox.screening.coarse import lattice_step_mm
from crossvox.screening.copies import report_copies
from crossvox.screening.examine import ExaminedCase, examine
from crossvox.screening.findings import CaseCheck, CohortCheck
from crossvox.screening.people import report_leaks, report_wrong_people

SEED = 0


def check_cohort(
    cases: Sequence[Case],
    *,
    modalities: Sequence[str],
    progress: Progress = QUIET,
) -> CohortCheck:
    """Check the files, copies, pairs, masks and splits of `cases`.

    Pairs are compared on a 4 mm lattice by normalized mutual information, which reveals targets
    that are misplaced, flipped, incomplete or from another person. Every pair is measured, faulty
    or not. Time and memory per case do not grow with the cohort: each case is aligned with a fixed
    number of others, and only copies and fingerprints are compared between all cases.

    Args:
        cases: Cases that have all `modalities`.
        modalities: Source modality first, then the modalities that are compared with it.
        progress: Receives the number of cases read so far.

    Raises:
        CohortError: A case lacks a modality.
    """
    for case in cases:
        missing = [modality for modality in modalities if modality not in case.images]
        if missing:
            raise CohortError(
                f"{case.name} lacks {', '.join(missing)}; leave it out or add the file"
            )
    step_mm = _shared_step_mm(cases, modality=modalities[0])
    examined = []
    for case in cases:
        examined.append(examine(case, modalities=modalities, step_mm=step_mm))
        progress.stage("checking", len(examined), len(cases))
    report_copies(examined)
    for target in modalities[1:]:
        report_wrong_people(examined, source=modalities[0], target=target, seed=SEED)
    report_leaks(examined, modalities=modalities)
    return CohortCheck(modalities=tuple(modalities), rows=tuple(_row(case) for case in examined))


def _shared_step_mm(cases: Sequence[Case], *, modality: str) -> float | None:
    """Lattice step in mm for all cases, so that they can be compared: the first readable case's."""
    for case in cases:
        try:
            return lattice_step_mm(read_grid(case.images[modality]))
        except CrossvoxError:
            continue  # an unreadable file is reported when its voxels are read
    return None


def _row(examined: ExaminedCase) -> CaseCheck:
    return CaseCheck(
        name=examined.case.name,
        subject=examined.case.subject,
        split=examined.case.split,
        grids=examined.grids,
        ranges=examined.ranges,
        pairs=tuple(examined.pairs),
        findings=tuple(examined.findings),
    )
