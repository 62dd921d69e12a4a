"""One case, read and measured by itself."""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from crossvox.cohort.case import Case
from crossvox.errors import CrossvoxError, FileWarning
from crossvox.files import read_mask, read_volume
from crossvox.screening.alignment import Alignment, align
from crossvox.screening.coarse import CoarseVolume, coarsen, lattice_around, lattice_step_mm
from crossvox.screening.findings import Finding, IntensityRange, Kind, PairCheck, Severity
from crossvox.screening.fingerprint import Prints, fingerprint
from crossvox.screening.packed import PackedVolume, pack, unpack
from crossvox.volume import Grid, Volume

# Aligned pairs measure up to 0.5 mm, a pair known to be 2.9 mm off measures 3.0.
SHIFT_WARNING_MM = 1.5
SHIFT_ERROR_MM = 4.0
# True pairs tell at least 1.21 times as much as mirrored, so a mirrored one at most 0.83 times.
FLIP_RATIO = 1.1
# Heads of true pairs overlap by 0.94 or more, those of two people by 0.97 or less: low overlap
# means another body or a stripped skull, high overlap means nothing.
LEAST_DICE = 0.75
# Complete pairs miss up to 0.1 %, a pair known to miss 9 % of the head measures 9 %.
MISSING_WARNING = 0.02


@dataclass(kw_only=True)
class Examined:
    """What is known of a case while a cohort is being checked.

    Attributes:
        case: The case.
        grids: Grid of each modality that can be read.
        ranges: Intensities of each of them.
        packed: Each of them on the coarse lattice.
        prints: Fingerprint of each of them.
        voxels_sha256: SHA-256 of the shape and voxels of each: equal for copies in other files,
            formats and data types.
        alignments: How each modality after the first lies on the first.
        pairs: The same in the words of a report.
        findings: What is wrong.
    """

    case: Case
    grids: dict[str, Grid] = field(default_factory=dict)
    ranges: dict[str, IntensityRange] = field(default_factory=dict)
    packed: dict[str, PackedVolume] = field(default_factory=dict)
    prints: dict[str, Prints] = field(default_factory=dict)
    voxels_sha256: dict[str, str] = field(default_factory=dict)
    alignments: dict[str, Alignment] = field(default_factory=dict)
    pairs: list[PairCheck] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def coarse(self, modality: str) -> CoarseVolume:
        """The volume of `modality` on the coarse lattice."""
        return unpack(self.packed[modality])

    def report(self, kind: Kind, problem: str, remedy: str, *, severity: Severity) -> None:
        """Add a finding."""
        self.findings.append(
            Finding(
                case=self.case.name, kind=kind, problem=problem, remedy=remedy, severity=severity
            )
        )


def examine(case: Case, *, modalities: Sequence[str], step_mm: float | None) -> Examined:
    """Read the volumes of `case` and compare those after the first with the first.

    Args:
        case: Has all `modalities`.
        modalities: The source, then what is paired with it.
        step_mm: Of the lattice for comparison; suited to the case where absent.
    """
    examined = Examined(case=case)
    lattice: Grid | None = None
    coarse: dict[str, CoarseVolume] = {}
    for modality in modalities:
        volume = _read(examined, modality)
        if volume is None:
            continue
        if lattice is None:
            lattice = lattice_around(volume.grid, step_mm=step_mm or lattice_step_mm(volume.grid))
        coarse[modality] = coarsen(volume, lattice)
        _note_volume(examined, modality, volume, coarse[modality])
    _examine_mask(examined, source=modalities[0])
    source = coarse.get(modalities[0])
    for modality in modalities[1:]:
        if source is not None and modality in coarse:
            _examine_pair(examined, source, coarse[modality], modality)
    return examined


def _read(examined: Examined, modality: str) -> Volume | None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FileWarning)
        try:
            volume = read_volume(examined.case.images[modality], modality=modality)
        except CrossvoxError as error:
            examined.report("file", str(error), "repair or leave out this file", severity="error")
            return None
    for warning in caught:
        examined.report("file", str(warning.message), "look at this file", severity="warning")
    return volume


def _note_volume(examined: Examined, modality: str, volume: Volume, coarse: CoarseVolume) -> None:
    examined.grids[modality] = volume.grid
    examined.packed[modality] = pack(coarse)
    examined.prints[modality] = fingerprint(coarse)
    examined.voxels_sha256[modality] = _sha256(volume)
    examined.ranges[modality] = IntensityRange(
        least=float(volume.voxels.min()), median=coarse.median, most=float(volume.voxels.max())
    )


def _sha256(volume: Volume) -> str:
    digest = hashlib.sha256(repr(volume.voxels.shape).encode())
    digest.update(np.ascontiguousarray(volume.voxels).data)
    return digest.hexdigest()


def _examine_mask(examined: Examined, *, source: str) -> None:
    path, grid = examined.case.mask, examined.grids.get(source)
    if path is None:
        return
    try:
        mask = read_mask(path)
    except CrossvoxError as error:
        examined.report("mask", str(error), "repair or leave out this mask", severity="error")
        return
    if not mask.voxels.any():
        examined.report("mask", f"{path}: the mask is empty", "make it again", severity="error")
    if grid is not None and not mask.grid.matches(grid):
        examined.report(
            "mask",
            f"{path}: the mask lies on another grid ({mask.grid}) than {source} ({grid})",
            f"resample the mask to the grid of {source}",
            severity="error",
        )


def _examine_pair(
    examined: Examined, source: CoarseVolume, target: CoarseVolume, modality: str
) -> None:
    found = align(source, target)
    missing = float(target.empty[source.head].mean()) if source.head.any() else 0.0
    examined.alignments[modality] = found
    examined.pairs.append(
        PairCheck(
            modality=modality,
            nmi=1 + found.information,
            shift_mm=found.shift_mm,
            missing=missing,
        )
    )
    mirrored = align(source, target.mirrored())
    if mirrored.information > FLIP_RATIO * found.information:
        examined.report(
            "flip",
            f"{modality} is flipped left to right (mutual information {1 + found.information:.3f}, "
            f"mirrored {1 + mirrored.information:.3f})",
            "correct its orientation from the scanner's data",
            severity="error",
        )
        return
    _report_place(examined, modality, found)
    if missing > MISSING_WARNING:
        examined.report(
            "field of view",
            f"{modality} shows nothing of {missing:.0%} of the head (partial field of view)",
            "mask that part, or leave the case out",
            severity="warning",
        )


def _report_place(examined: Examined, modality: str, found: Alignment) -> None:
    if found.dice < LEAST_DICE:
        examined.report(
            "outline",
            f"{modality} shows another outline (heads overlap by {found.dice:.0%})",
            "see whether it is the same body part, with or without the skull in both",
            severity="warning",
        )
    if found.distance_mm > SHIFT_WARNING_MM:
        x, y, z = found.shift_mm
        examined.report(
            "shift",
            f"{modality} is shifted by {found.distance_mm:.1f} mm "
            f"(right {x:+.1f}, anterior {y:+.1f}, superior {z:+.1f})",
            "register the pair before training",
            severity="error" if found.distance_mm > SHIFT_ERROR_MM else "warning",
        )
