"""Reader of plain folders: a folder per modality, or file names that end in the modality."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from crossvox.cohort.case import Case
from crossvox.cohort.layout import CohortLayout
from crossvox.cohort.names import (
    KNOWN_MODALITIES,
    MASK_SUFFIXES,
    canonical_modality,
    parse_name,
    safe_name,
)
from crossvox.errors import CohortError
from crossvox.files import is_volume, stem_of

MASK_FOLDERS = frozenset({"mask", "masks"})

# Modality (or "mask"), key of the case, file.
Entry = tuple[str, str, Path]


def read_folders(root: Path, *, modalities: Sequence[str] | None) -> CohortLayout:
    """Read cases from ROOT/FLAIR/p01.nii.gz or from ROOT/[p01/]p01_FLAIR.nii.gz.

    If only one modality is requested, volumes whose names contain no modality count as that
    modality.

    Raises:
        CohortError: A case has two files of one modality.
    """
    if _has_modality_folders(root, modalities=modalities):
        return _cases(_by_folder(root), root)
    files = [*_volumes(root), *(file for folder in _folders(root) for file in _volumes(folder))]
    entries = [_by_name(file) for file in files]
    if modalities is not None and len(modalities) == 1:
        entries = [_with_default(modalities[0], *entry) for entry in entries]
    return _cases([entry for entry in entries if entry[0]], root)


def single_case(file: Path, *, modality: str) -> Case:
    """Case with a single volume file, whose modality the caller knows."""
    _, key, _ = _by_name(file)
    name = safe_name(key or stem_of(file), origin=str(file))
    return Case(subject=parse_name(file).person or name, name=name, images={modality: file})


def _has_modality_folders(root: Path, *, modalities: Sequence[str] | None) -> bool:
    folders = list(_folders(root))
    if modalities is not None:
        requested = {canonical_modality(modality) for modality in modalities}
        return any(canonical_modality(folder.name) in requested for folder in folders)
    keys = [{_without(file, folder.name) for file in _volumes(folder)} for folder in folders]
    return len(keys) > 1 and bool(set.intersection(*keys))


def _by_folder(root: Path) -> list[Entry]:
    return [
        (
            "mask" if folder.name.lower() in MASK_FOLDERS else folder.name,
            _without(file, "mask" if folder.name.lower() in MASK_FOLDERS else folder.name),
            file,
        )
        for folder in _folders(root)
        for file in _volumes(folder)
    ]


def _by_name(file: Path) -> Entry:
    name = parse_name(file)
    return name.suffix, name.rest, file


def _with_default(modality: str, suffix: str, key: str, file: Path) -> Entry:
    known = suffix in KNOWN_MODALITIES or canonical_modality(suffix) in KNOWN_MODALITIES
    if suffix == modality or known or suffix in MASK_SUFFIXES:
        return suffix, key, file
    return modality, stem_of(file), file


def _cases(entries: Iterable[Entry], root: Path) -> CohortLayout:
    files: defaultdict[str, dict[str, Path]] = defaultdict(dict)
    for modality, key, file in entries:
        if modality in files[key]:
            raise CohortError(
                f"{key} has two files of {modality}: {files[key][modality]} and {file}; keep one"
            )
        files[key][modality] = file
    cases = [_case(key, by_modality, root) for key, by_modality in sorted(files.items())]
    nonempty = [case for case in cases if case.images]
    return CohortLayout(
        cases=nonempty, held={case.name: frozenset(case.images) for case in nonempty}
    )


def _case(key: str, files: dict[str, Path], root: Path) -> Case:
    images = {name: file for name, file in sorted(files.items()) if name not in MASK_SUFFIXES}
    folders = {file.parent.relative_to(root) for file in images.values()}
    entities = parse_name(Path(f"{key}_any")).entities
    return Case(
        subject=f"sub-{entities['sub']}" if "sub" in entities else key,
        name=safe_name(key, origin=str(root)),
        images=images,
        mask=files.get("mask"),
        folder=folders.pop() if len(folders) == 1 else Path(),
    )


def _without(file: Path, modality: str) -> str:
    return stem_of(file).removesuffix(f"_{modality}")


def _folders(root: Path) -> Iterable[Path]:
    return (path for path in sorted(root.iterdir()) if path.is_dir() and path.name[0] != ".")


def _volumes(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if is_volume(file) and file.is_file())
