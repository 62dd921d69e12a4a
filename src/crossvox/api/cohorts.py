"""Public functions for cohorts and volumes: check, simulate phantoms, read and write volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from crossvox.api.arguments import AnyPath, Names, Shown, names_in
from crossvox.files.paths import path_of
from crossvox.progress.protocol import as_progress

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike

    from crossvox.journey.check import CheckedCohort
    from crossvox.phantoms.settings import PhantomSettings
    from crossvox.volume import Volume


def check(
    data: AnyPath,
    *,
    modalities: Names | None = None,
    allow_synthetic: bool = False,
    progress: Shown = None,
) -> CheckedCohort:
    """Read a cohort and find problems with its files, duplicates, pairs, masks and splits.

    Args:
        data: BIDS folder, CSV or JSON manifest, or folder with one folder per modality.
        modalities: Modalities to check, the source first; those that every case has if None.
        allow_synthetic: Also check synthesized volumes, which are left out by default.
        progress: Receiver of progress; none is shown if None.
    """
    from crossvox.journey.check import check_files

    return check_files(
        path_of(data, name="data"),
        modalities=names_in(modalities),
        allow_synthetic=allow_synthetic,
        progress=as_progress(progress),
    )


def phantom(
    out: AnyPath,
    *,
    cases: int = 12,
    settings: PhantomSettings | None = None,
    progress: Shown = None,
) -> Path:
    """Write a BIDS folder of simulated scans of heads that differ in anatomy.

    The same settings give the same voxels; another call with the same folder adds missing volumes.

    Args:
        out: Folder to create, or a phantom folder to continue.
        cases: Number of people.
        settings: Settings of the simulation; `crossvox.PhantomSettings()` if None.
        progress: Receiver of progress; none is shown if None.

    Returns:
        Path of the folder.
    """
    from crossvox.phantoms.folder import write_phantom
    from crossvox.phantoms.settings import PhantomSettings

    folder = path_of(out, name="out")
    settings = PhantomSettings() if settings is None else settings
    write_phantom(folder, cases=cases, settings=settings, progress=as_progress(progress))
    return folder


def read_volume(
    path: AnyPath,
    *,
    modality: str = "",
    unit: str = "arbitrary",
    prefer: Literal["sform", "qform"] | None = None,
    volume: int | None = None,
) -> Volume:
    """Read a NIfTI, MGH or MGZ file; damaged and ambiguous files are refused.

    Args:
        path: Path of the file.
        modality: BIDS suffix to give the volume, such as "T1w".
        unit: Unit of the intensities, which the file does not store.
        prefer: Affine to use where the sform and qform of a NIfTI file disagree.
        volume: Index of the volume in a 4D file, counted from 0.
    """
    from crossvox.files import ReadOptions
    from crossvox.files import read_volume as read

    options = ReadOptions(prefer=prefer, volume_index=volume)
    return read(path_of(path, name="path"), modality=modality, unit=unit, options=options)


def write_volume(
    path: AnyPath,
    volume: Any,  # noqa: ANN401 - see `volume_of`
    *,
    affine: ArrayLike | None = None,
) -> Path:
    """Write a volume as NIfTI; a failed write leaves no partial file.

    Args:
        path: Path of the file, ending in .nii or .nii.gz.
        volume: `Volume`, nibabel image, or array with its affine.
        affine: (4, 4) matrix from voxel index to RAS+ millimeters, for an array without one.

    Returns:
        Path of the file.
    """
    from crossvox.files import write_volume as write
    from crossvox.files.conversion import volume_of

    file = path_of(path, name="path")
    write(file, volume_of(volume, affine=affine))
    return file
