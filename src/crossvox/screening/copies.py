"""Finding duplicate volumes in a cohort by the SHA-256 of their voxels."""

from collections import defaultdict
from collections.abc import Sequence

from crossvox.screening.examine import ExaminedCase
from crossvox.screening.findings import Severity

Place = tuple[ExaminedCase, str]  # case, modality


def report_copies(cases: Sequence[ExaminedCase]) -> None:
    """Report each volume identical to an earlier volume of the same or another case.

    All volumes are compared with all others. Voxels shared by two people, or by source and target,
    are an error; voxels shared by two sessions of one person are a warning.
    """
    places: defaultdict[str, list[Place]] = defaultdict(list)
    for case in cases:
        for modality, voxels in case.voxels_sha256.items():
            places[voxels].append((case, modality))
    for group in places.values():
        for duplicate in group[1:]:
            _report(duplicate, group[0])


def share_voxels(case: ExaminedCase, other: ExaminedCase) -> bool:
    """Whether the two cases have an identical volume."""
    return not set(case.voxels_sha256.values()).isdisjoint(other.voxels_sha256.values())


def _report(place: Place, first: Place) -> None:
    (case, modality), (other, other_modality) = place, first
    files = (case.case.images[modality], other.case.images[other_modality])
    same = "is the same file as" if files[0].samefile(files[1]) else "has the same voxels as"
    if case is other:
        case.report(
            "copy",
            f"{modality} {same} {other_modality} ({files[0]}, {files[1]})",
            "give each modality its own volume",
            severity="error",
        )
        return
    one_person = case.case.subject == other.case.subject and modality == other_modality
    severity: Severity = "warning" if one_person else "error"
    case.report(
        "copy",
        f"{modality} {same} {other_modality} of {other.case.name} ({files[0]}, {files[1]})",
        "remove one of the two cases, or give each its own volume",
        severity=severity,
    )
