"""A cohort laid out as the Brain Imaging Data Structure.

Source:
    Gorgolewski et al. 2016, doi:10.1038/sdata.2016.44, and the BIDS specification 1.9.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crossvox.cohort.case import Case, Split
from crossvox.cohort.layout import Found
from crossvox.cohort.names import MASK_SUFFIXES, parse_name, safe_name
from crossvox.cohort.split import parse_split
from crossvox.errors import CohortError
from crossvox.files import is_synthetic, is_volume

MASK_PREFERENCE = ("brain", "head")


def is_bids(root: Path) -> bool:
    """Whether a folder is a BIDS root: it says so, or has folders of subjects."""
    if (root / "dataset_description.json").is_file():
        return True
    return any(_folders(root, "sub-*"))


def read_bids(root: Path, *, modalities: Sequence[str] | None) -> Found:
    """One case for each session, or for each subject without sessions.

    Masks come from beside the images or from `derivatives`: desc-brain before desc-head before
    those that are described by nothing; no others. Splits come from the column `split` of
    participants.tsv.

    Raises:
        CohortError: Two files for one modality or mask and nothing that tells which counts.
    """
    splits = _splits(root / "participants.tsv")
    derived = _derived_masks(root)
    cases: list[Case] = []
    held: dict[str, frozenset[str]] = {}
    unused: list[Path] = []
    for folder in _case_folders(root):
        name = safe_name("_".join(folder.relative_to(root).parts), origin=str(folder))
        files = _volumes(folder)
        by_modality = _by_modality(files)
        beside = [file for file in files if parse_name(file).suffix == "mask"]
        masks, others = _masks_of_the_body([*beside, *derived.get(name, ())])
        unused += others
        images = _images(by_modality, name=name, modalities=modalities)
        held[name] = frozenset(by_modality)
        cases.append(_case(folder, root, images=images, masks=masks, splits=splits))
    return Found(cases=cases, held=held, unused_masks=tuple(unused))


def _case_folders(root: Path) -> Iterable[Path]:
    for subject_folder in _folders(root, "sub-*"):
        yield from list(_folders(subject_folder, "ses-*")) or [subject_folder]


def _case(
    folder: Path,
    root: Path,
    *,
    images: dict[str, Path],
    masks: Sequence[Path],
    splits: Mapping[str, Split | None],
) -> Case:
    parts = folder.relative_to(root).parts
    name = "_".join(parts)
    image_folder = next(iter(images.values())).parent if images else folder
    return Case(
        subject=parts[0],
        name=name,
        images=images,
        mask=_chosen_mask(masks, name=name),
        split=splits.get(parts[0]),
        folder=image_folder.relative_to(root),
    )


def _folders(root: Path, pattern: str) -> Iterable[Path]:
    return (path for path in sorted(root.glob(pattern)) if path.is_dir())


def _volumes(folder: Path) -> list[Path]:
    """Volume files of one subject or session, whatever folder of data type they are in."""
    files = [*folder.glob("*"), *folder.glob("*/*")]
    return sorted(file for file in files if is_volume(file) and file.is_file())


def _by_modality(files: Iterable[Path]) -> dict[str, list[Path]]:
    by_modality: defaultdict[str, list[Path]] = defaultdict(list)
    for file in files:
        suffix = parse_name(file).suffix
        if suffix and suffix not in MASK_SUFFIXES:
            by_modality[suffix].append(file)
    return dict(by_modality)


def _images(
    by_modality: Mapping[str, Sequence[Path]], *, name: str, modalities: Sequence[str] | None
) -> dict[str, Path]:
    wanted = sorted(by_modality) if modalities is None else modalities
    return {
        modality: _chosen_image(by_modality[modality], name=name, modality=modality)
        for modality in wanted
        if modality in by_modality
    }


def _chosen_image(files: Sequence[Path], *, name: str, modality: str) -> Path:
    """The only real file, or the only one without an entity that all others carry as well."""
    if len(files) > 1:
        files = [file for file in files if not is_synthetic(file)] or files
    entities = {file: parse_name(file).entities.items() for file in files}
    plainest = [
        file
        for file in files
        if all(entities[file] < entities[other] for other in files if other != file)
    ]
    if len(plainest) == 1:
        return plainest[0]
    listed = ", ".join(file.name for file in files)
    raise CohortError(
        f"{name} has {len(files)} files of {modality}: {listed}; keep one in this folder, or list "
        "the files to use in a CSV manifest"
    )


def _masks_of_the_body(files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Masks of the brain, the head or of nothing in particular, and those of anything else."""
    of_the_body: list[Path] = []
    others: list[Path] = []
    for file in files:
        (of_the_body if _described(file) in (*MASK_PREFERENCE, "") else others).append(file)
    return of_the_body, others


def _described(mask: Path) -> str:
    """What a mask's name says that it shows."""
    entities = parse_name(mask).entities
    return "-".join(entities[key] for key in ("desc", "label") if key in entities)


def _chosen_mask(files: Sequence[Path], *, name: str) -> Path | None:
    for kind in (*MASK_PREFERENCE, ""):
        chosen = [file for file in files if _described(file) == kind]
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            listed = ", ".join(file.name for file in chosen)
            raise CohortError(f"{name} has {len(chosen)} masks: {listed}; name one desc-brain_mask")
    return None


def _derived_masks(root: Path) -> dict[str, list[Path]]:
    """Masks below `derivatives`, by the name of the case that they belong to."""
    masks: defaultdict[str, list[Path]] = defaultdict(list)
    for file in sorted((root / "derivatives").rglob("*_mask.*")):
        entities = parse_name(file).entities
        if is_volume(file) and "sub" in entities:
            parts = [f"{key}-{entities[key]}" for key in ("sub", "ses") if key in entities]
            masks["_".join(parts)].append(file)
    return masks


def _splits(table: Path) -> dict[str, Split | None]:
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return {
        row.get("participant_id") or "": parse_split(row.get("split"), origin=str(table))
        for row in rows
    }
