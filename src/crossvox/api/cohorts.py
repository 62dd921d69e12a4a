"""Cohorts and volumes: check, image phantoms, read and write volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from crossvox.api.arguments import AnyPath, Names, Shown, names_in
from crossvox.files.paths import path_of
from crossvox.progress.protocol import as_progress

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike

    from crossvox.journey.check import CheckedCohort
    from crossvox.phantoms import PhantomSettings
    from crossvox.volume import Volume


def check(
    data: AnyPath,
    *,
    modalities: Names | None = None,
    allow_synthetic: bool = False,
    progress: Shown = None,
) -> CheckedCohort:
    """Read a cohort and find what is wrong with it: files, copies, pairs, masks, splits.

    Args:
        data: A BIDS folder, a CSV or JSON manifest, or a folder with one folder per modality.
        modalities: The source first; those that every case has if None.
        allow_synthetic: Check synthesized volumes too, which are left out otherwise.
        progress: Shown progress.
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
    """Write a BIDS folder of heads that differ in anatomy, imaged by physics.

    The same settings give the same voxels; running it again adds what is missing.

    Args:
        out: Folder to make, or a phantom folder to continue.
        cases: Number of people.
        settings: How they are imaged, `crossvox.PhantomSettings`.
        progress: Shown progress.
    """
    from crossvox.phantoms import PhantomSettings, write_phantom

    folder = path_of(out, name="out")
    chosen = PhantomSettings() if settings is None else settings
    write_phantom(folder, cases=cases, settings=chosen, progress=as_progress(progress))
    return folder


def read_volume(
    path: AnyPath,
    *,
    modality: str = "",
    unit: str = "arbitrary",
    prefer: Literal["sform", "qform"] | None = None,
    volume: int | None = None,
) -> Volume:
    """Read a NIfTI, MGH or MGZ file with every doubt about it settled.

    Args:
        path: The file.
        modality: BIDS suffix that the volume is to carry.
        unit: Unit of its numbers, which the file does not tell.
        prefer: Affine of a NIfTI file that counts where its two disagree.
        volume: Number of the volume of a 4D file, from 0.
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
    """Write a volume as NIfTI, whole or not at all.

    Args:
        path: A name that ends in .nii or .nii.gz.
        volume: A `Volume`, a nibabel image, or an array with its affine.
        affine: (4, 4) voxel index to RAS+ millimeters, for an array alone.
    """
    from crossvox.files import write_volume as write
    from crossvox.files.conversion import volume_of

    file = path_of(path, name="path")
    write(file, volume_of(volume, affine=affine))
    return file
