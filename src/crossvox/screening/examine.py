"""Reading and measuring a single case."""

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
from crossvox.screening.fingerprint import Fingerprint, fingerprint
from crossvox.screening.packed import PackedVolume, pack, unpack
from crossvox.volume import Grid, Volume

# Aligned pairs measure up to 0.5 mm; a pair known to be off by 2.9 mm measures 3.0 mm.
SHIFT_WARNING_MM = 1.5
SHIFT_ERROR_MM = 4.0
# True pairs have at least 1.21 times the mutual information of their mirror images, so a flipped
# pair has at most 0.83 times that of its mirror image.
FLIP_RATIO = 1.1
# Dice of the heads is 0.94 or more in true pairs and 0.97 or less between two people: low values
# mean another body part or a stripped skull, high values prove nothing.
MIN_DICE = 0.75
# Complete pairs miss up to 0.1 % of the head; a pair known to miss 9 % measures 9 %.
MISSING_SHARE_WARNING = 0.02


@dataclass(kw_only=True)
class ExaminedCase:
    """Data collected about a case while a cohort is being checked.

    Attributes:
        case: Case being checked.
        grids: Grid of each readable modality.
        ranges: Intensity range of each readable modality.
        packed: Compressed coarse volume of each readable modality.
        prints: Fingerprint of each readable modality.
        voxels_sha256: SHA-256 of the shape and voxels of each readable modality; equal for copies
            in other files, formats and data types.
        alignments: Alignment of each target modality with the source.
        pairs: Measurements of the same pairs for the report.
        findings: Findings so far.
    """

    case: Case
    grids: dict[str, Grid] = field(default_factory=dict)
    ranges: dict[str, IntensityRange] = field(default_factory=dict)
    packed: dict[str, PackedVolume] = field(default_factory=dict)
    prints: dict[str, Fingerprint] = field(default_factory=dict)
    voxels_sha256: dict[str, str] = field(default_factory=dict)
    alignments: dict[str, Alignment] = field(default_factory=dict)
    pairs: list[PairCheck] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def coarse(self, modality: str) -> CoarseVolume:
        """Coarse volume of `modality`."""
        return unpack(self.packed[modality])

    def report(self, kind: Kind, problem: str, remedy: str, *, severity: Severity) -> None:
        """Add a finding."""
        self.findings.append(
            Finding(
                case=self.case.name, kind=kind, problem=problem, remedy=remedy, severity=severity
            )
        )


def examine(case: Case, *, modalities: Sequence[str], step_mm: float | None) -> ExaminedCase:
    """Read the volumes of `case` and compare each target with the source.

    Args:
        case: Case that has all `modalities`.
        modalities: Source modality, then the target modalities.
        step_mm: Lattice step in mm; suited to the case if None.
    """
    examined = ExaminedCase(case=case)
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


def _read(examined: ExaminedCase, modality: str) -> Volume | None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FileWarning)
        try:
            volume = read_volume(examined.case.images[modality], modality=modality)
        except CrossvoxError as error:
            examined.report(
                "file", str(error), "repair the file or leave out the case", severity="error"
            )
            return None
    for warning in caught:
        examined.report("file", str(warning.message), "inspect this file", severity="warning")
    return volume


def _note_volume(
    examined: ExaminedCase, modality: str, volume: Volume, coarse: CoarseVolume
) -> None:
    examined.grids[modality] = volume.grid
    examined.packed[modality] = pack(coarse)
    examined.prints[modality] = fingerprint(coarse)
    examined.voxels_sha256[modality] = _sha256(volume)
    examined.ranges[modality] = IntensityRange(
        minimum=float(volume.voxels.min()), median=coarse.median, maximum=float(volume.voxels.max())
    )


def _sha256(volume: Volume) -> str:
    digest = hashlib.sha256(repr(volume.voxels.shape).encode())
    digest.update(np.ascontiguousarray(volume.voxels).data)
    return digest.hexdigest()


def _examine_mask(examined: ExaminedCase, *, source: str) -> None:
    path, grid = examined.case.mask, examined.grids.get(source)
    if path is None:
        return
    try:
        mask = read_mask(path)
    except CrossvoxError as error:
        examined.report("mask", str(error), "repair or remove this mask", severity="error")
        return
    if not mask.voxels.any():
        examined.report("mask", f"{path}: the mask is empty", "create it again", severity="error")
    if grid is not None and not mask.grid.matches(grid):
        examined.report(
            "mask",
            f"{path}: the mask lies on another grid ({mask.grid}) than {source} ({grid})",
            f"resample the mask to the grid of {source}",
            severity="error",
        )


def _examine_pair(
    examined: ExaminedCase, source: CoarseVolume, target: CoarseVolume, modality: str
) -> None:
    alignment = align(source, target)
    missing = float(target.empty[source.head].mean()) if source.head.any() else 0.0
    examined.alignments[modality] = alignment
    examined.pairs.append(
        PairCheck(
            modality=modality,
            nmi=1 + alignment.information,
            shift_mm=alignment.shift_mm,
            missing=missing,
        )
    )
    mirrored = align(source, target.mirrored())
    if mirrored.information > FLIP_RATIO * alignment.information:
        examined.report(
            "flip",
            f"{modality} is flipped left to right (mutual information "
            f"{1 + alignment.information:.3f}, mirrored {1 + mirrored.information:.3f})",
            "correct its orientation from the original scanner data",
            severity="error",
        )
        return
    _report_misplacement(examined, modality, alignment)
    if missing > MISSING_SHARE_WARNING:
        examined.report(
            "field of view",
            f"{modality} does not cover {missing:.0%} of the head (partial field of view)",
            "exclude that part by a mask, or leave out the case",
            severity="warning",
        )


def _report_misplacement(examined: ExaminedCase, modality: str, alignment: Alignment) -> None:
    if alignment.dice < MIN_DICE:
        examined.report(
            "outline",
            f"{modality} shows a different outline (Dice of the heads {alignment.dice:.0%})",
            "check that both show the same body part, and both with the skull or both without",
            severity="warning",
        )
    if alignment.distance_mm > SHIFT_WARNING_MM:
        x, y, z = alignment.shift_mm
        examined.report(
            "shift",
            f"{modality} is shifted by {alignment.distance_mm:.1f} mm "
            f"(right {x:+.1f}, anterior {y:+.1f}, superior {z:+.1f})",
            "register the pair before training",
            severity="error" if alignment.distance_mm > SHIFT_ERROR_MM else "warning",
        )
