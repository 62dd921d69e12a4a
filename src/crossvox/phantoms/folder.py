"""Writing a phantom as a BIDS folder, person by person; a second run adds missing people."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from crossvox.errors import CohortError, SettingsError
from crossvox.phantoms.descriptions import (
    dataset_texts,
    derivative_description,
    label_table,
    sidecar,
)
from crossvox.phantoms.phantom import PhantomCase, phantom_case
from crossvox.phantoms.settings import PhantomSettings
from crossvox.progress import QUIET, Progress
from crossvox.volume import Volume

SETTINGS_FILE = "phantom.json"
MASKS = Path("derivatives/masks")
LABELS = Path("derivatives/labels")
ENOUGH_FOR_ALL_SPLITS = 3  # people
HELD_OUT_FRACTION = 0.15  # of people, each for validation and for test


def write_phantom(
    out: Path,
    *,
    cases: int,
    settings: PhantomSettings,
    progress: Progress = QUIET,
) -> None:
    """Write a BIDS folder of `cases` people, with masks and label maps as derivatives.

    People whose files are complete are not written again, so an interrupted run continues.

    Args:
        out: New or empty folder, or the folder of a phantom with the same settings.
        cases: Number of people; the last are for test, the people before them for validation.
        settings: Imaging settings of the phantom.
        progress: Receives the number of people written so far.

    Raises:
        SettingsError: `cases` is less than 1, or `out` holds a phantom with other settings.
        CohortError: `out` holds something other than a phantom.
        ResourceError: The disk is full.
    """
    if cases < 1:
        raise SettingsError(f"cases must be 1 or more, got {cases}")
    _claim(out, settings)
    _write_texts(out, cases, settings)
    for case in range(cases):
        _write_case(out, case, settings)
        progress.stage("imaging phantoms", case + 1, cases)


def splits_of(cases: int) -> list[str]:
    """Split of each person: train, then validation, then test, about 70, 15 and 15 %."""
    held_out = max(1, round(HELD_OUT_FRACTION * cases)) if cases >= ENOUGH_FOR_ALL_SPLITS else 0
    train = cases - 2 * held_out
    return ["train"] * train + ["validation"] * held_out + ["test"] * held_out


def subject_of(case: int) -> str:
    """Subject name of a case; cases count from 0, subjects from 01."""
    return f"sub-{case + 1:02d}"


def volume_path(subject: str, modality: str) -> Path:
    """Path of the volume of `modality` relative to the phantom's folder."""
    folder = {"CT": "ct", "pet": "pet"}.get(modality, "anat")
    return Path(subject, folder, f"{subject}_{modality}.nii.gz")


def _claim(out: Path, settings: PhantomSettings) -> None:
    """Mark `out` as a phantom with these settings, or refuse it."""
    mark = out / SETTINGS_FILE
    requested = json.loads(json.dumps(asdict(settings)))
    if mark.exists():
        _refuse_other_settings(out, _read_mark(mark), requested)
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CohortError(f"{out} exists and holds no phantom; choose another folder")
    _write_json(mark, requested)


def _read_mark(mark: Path) -> dict[str, object]:
    try:
        content = json.loads(mark.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise CohortError(f"{mark} does not hold the settings of a phantom; choose another folder")
    return content


def _refuse_other_settings(
    out: Path, stored: Mapping[str, object], requested: Mapping[str, object]
) -> None:
    differing = [
        f"{name} {stored.get(name)!r}, not {requested.get(name)!r}"
        for name in sorted({*stored, *requested})
        if stored.get(name) != requested.get(name)
    ]
    if differing:
        raise SettingsError(
            f"{out} holds a phantom with {'; '.join(differing)}; choose another folder"
        )


def _write_texts(out: Path, cases: int, settings: PhantomSettings) -> None:
    people = {subject_of(case): split for case, split in enumerate(splits_of(cases))}
    for name, text in dataset_texts(people, settings).items():
        _write_text(out / name, text)
    _write_json(out / LABELS / "dataset_description.json", derivative_description("label maps"))
    _write_text(out / LABELS / "dseg.tsv", label_table())
    if settings.mask != "none":
        _write_json(out / MASKS / "dataset_description.json", derivative_description("masks"))


def _write_case(out: Path, case: int, settings: PhantomSettings) -> None:
    subject = subject_of(case)
    expected = _expected_files(subject, settings)
    if all((out / path).exists() for path in expected):
        return
    imaged = phantom_case(settings, case=case)
    for modality, volume in imaged.volumes.items():
        path = out / volume_path(subject, modality)
        _write_json(_sidecar_path(path), sidecar(imaged, modality, settings=settings, case=case))
        _write_volume(path, volume)
    _write_derivatives(out, subject, imaged, settings)


def _expected_files(subject: str, settings: PhantomSettings) -> list[Path]:
    paths = [volume_path(subject, modality) for modality in settings.modalities]
    derived = [LABELS / _labels_path(subject)]
    if settings.mask != "none":
        derived.append(MASKS / _mask_path(subject, settings.mask))
    return [*paths, *derived]


def _write_derivatives(
    out: Path, subject: str, imaged: PhantomCase, settings: PhantomSettings
) -> None:
    source = f"bids:raw:{volume_path(subject, settings.modalities[0]).as_posix()}"
    _write_derivative(out / LABELS / _labels_path(subject), imaged.labels, {"Sources": [source]})
    if imaged.mask is not None:
        kind = "Brain" if settings.mask == "brain" else "ROI"
        path = out / MASKS / _mask_path(subject, settings.mask)
        _write_derivative(path, imaged.mask, {"Type": kind, "Sources": [source]})


def _write_derivative(path: Path, volume: Volume, description: Mapping[str, object]) -> None:
    _write_json(_sidecar_path(path), description)
    _write_volume(path, volume)


def _labels_path(subject: str) -> Path:
    return Path(subject, "anat", f"{subject}_dseg.nii.gz")


def _mask_path(subject: str, kind: str) -> Path:
    return Path(subject, "anat", f"{subject}_desc-{kind}_mask.nii.gz")


def _sidecar_path(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".nii.gz") + ".json")


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    _write_text(path, json.dumps(content, indent=2) + "\n")


def _write_volume(path: Path, volume: Volume) -> None:
    from crossvox.files import write_volume  # noqa: PLC0415  # nibabel is slow to import

    write_volume(path, volume)


def _write_text(path: Path, text: str) -> None:
    from crossvox.files import write_atomically  # noqa: PLC0415  # as above

    write_atomically(path, text.encode())
