"""Reader of cohorts in the Brain Imaging Data Structure (BIDS).

Source:
    Gorgolewski et al. 2016, doi:10.1038/sdata.2016.44, and the BIDS specification 1.9.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crossvox.cohort.case import Case, Split
from crossvox.cohort.layout import CohortLayout
from crossvox.cohort.names import MASK_SUFFIXES, parse_name, safe_name
from crossvox.cohort.split import parse_split
from crossvox.errors import CohortError
from crossvox.files import is_synthetic, is_volume
from crossvox.files.tables import read_csv

MASK_PREFERENCE = ("brain", "head")


def is_bids(root: Path) -> bool:
    """Whether `root` has a dataset_description.json or sub-* folders."""
    if (root / "dataset_description.json").is_file():
        return True
    return any(_folders(root, "sub-*"))


def read_bids(root: Path, *, modalities: Sequence[str] | None) -> CohortLayout:
    """Read one case per session, or per subject without sessions.

    Masks are looked for beside the images and in `derivatives`. A desc-brain mask is preferred to
    a desc-head mask, and that to a mask with neither desc nor label; all others are ignored. Splits
    come from the column `split` of participants.tsv.

    Raises:
        CohortError: A case has several files of one modality or mask, none of which is preferred.
        FileError: participants.tsv is not a table in UTF-8.
    """
    splits = _splits(root / "participants.tsv")
    derived_masks = _derived_masks(root)
    cases: list[Case] = []
    held: dict[str, frozenset[str]] = {}
    unused_masks: list[Path] = []
    for folder in _case_folders(root):
        name = safe_name("_".join(folder.relative_to(root).parts), origin=str(folder))
        files = _volumes(folder)
        by_modality = _by_modality(files)
        own_masks = [file for file in files if parse_name(file).suffix == "mask"]
        masks, other_masks = _sort_masks([*own_masks, *derived_masks.get(name, ())])
        unused_masks += other_masks
        images = _images(by_modality, name=name, modalities=modalities)
        held[name] = frozenset(by_modality)
        cases.append(_case(folder, root, images=images, masks=masks, splits=splits))
    return CohortLayout(cases=cases, held=held, unused_masks=tuple(unused_masks))


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
    """Volume files of a subject or session, in its folder or one level below."""
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
    selected = sorted(by_modality) if modalities is None else modalities
    return {
        modality: _chosen_image(by_modality[modality], name=name, modality=modality)
        for modality in selected
        if modality in by_modality
    }


def _chosen_image(files: Sequence[Path], *, name: str, modality: str) -> Path:
    """The only file that is not synthesized, else the file whose entities all others also have."""
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


def _sort_masks(files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Usable masks (brain, head or without description), and all other masks."""
    usable: list[Path] = []
    unusable: list[Path] = []
    for file in files:
        (usable if _mask_kind(file) in (*MASK_PREFERENCE, "") else unusable).append(file)
    return usable, unusable


def _mask_kind(mask: Path) -> str:
    """The desc and label entities of a mask's file name; empty without them."""
    entities = parse_name(mask).entities
    return "-".join(entities[key] for key in ("desc", "label") if key in entities)


def _chosen_mask(files: Sequence[Path], *, name: str) -> Path | None:
    for kind in (*MASK_PREFERENCE, ""):
        chosen = [file for file in files if _mask_kind(file) == kind]
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            listed = ", ".join(file.name for file in chosen)
            raise CohortError(f"{name} has {len(chosen)} masks: {listed}; keep one of them")
    return None


def _derived_masks(root: Path) -> dict[str, list[Path]]:
    """Mask files below `derivatives`, by case name."""
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
    return {
        row.get("participant_id", ""): parse_split(row.get("split"), origin=str(table))
        for row in read_csv(table, delimiters="\t")
    }
