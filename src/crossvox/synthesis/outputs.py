"""Output paths of synthesized volumes, and the choice of which to write, made before any work."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from crossvox.acceleration.compute import Compute
from crossvox.cohort import Case
from crossvox.errors import CohortError, SettingsError
from crossvox.files import (
    NOTICE,
    VOLUME_SUFFIXES,
    ReadOptions,
    is_marked,
    is_synthetic,
    is_volume,
    read_sidecar,
    sidecar_of,
    stem_of,
)
from crossvox.files.atomic import LONGEST_NAME
from crossvox.files.encoding import WRITABLE_SUFFIXES
from crossvox.synthesis.sidecar import (
    compute_difference,
    has_same_sources,
    origin_difference,
    up_to_date,
)
from crossvox.synthesis.store import Description

Overwrite = Literal["never", "stale", "always"]

MOST_NAMED = 5  # conflicts listed in a message
# File endings that a folder's name is not expected to have.
OTHER_FORMATS = (
    *VOLUME_SUFFIXES, ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm", ".ima", ".mnc", ".gipl", ".nia",
    ".vtk", ".vti", ".par", ".rec", ".brik", ".head", ".gz", ".bz2", ".xz", ".zst", ".zip", ".tar",
    ".tgz", ".7z", ".rar", ".npy", ".npz", ".h5", ".hdf5", ".mat", ".pt", ".pth", ".onnx",
    ".safetensors", ".json", ".csv", ".tsv", ".txt", ".toml", ".html", ".pdf", ".png", ".jpg",
    ".jpeg", ".tif", ".tiff", ".bmp", ".gif",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Cases of a cohort divided into those to synthesize and those to keep.

    Attributes:
        todo: Cases to synthesize.
        kept: Cases whose volumes exist and are kept.
        remarks: Remarks for the user, one line each.
    """

    todo: tuple[Case, ...]
    kept: tuple[Case, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Output files of a cohort.

    Attributes:
        folder: Folder that contains all of them.
        paths: Path of each case's volume, by case name.
        description: Description of the synthesizer.
        compute: Device and precision of the synthesizer.
        overwrite: Files that are replaced: "never", this model's volumes whose source has changed;
            "stale", all crossvox volumes that would now be different; "always", any file.
        reading: Options for reading the sources.
    """

    folder: Path
    paths: Mapping[str, Path]
    description: Description
    compute: Compute
    overwrite: Overwrite = "never"
    reading: ReadOptions = field(default_factory=ReadOptions)

    def plan(self, cases: Sequence[Case]) -> Plan:
        """Decide which cases are synthesized.

        Raises:
            CohortError: A volume or its sidecar cannot be written: its path is impossible, or
                `overwrite` does not allow replacing the file there, which crossvox did not write
                or another model synthesized.
        """
        _refuse([_unwritable_folder(self.folder)], advice="choose another folder")
        misplaced = (self._misplaced(self.paths[case.name]) for case in cases)
        _refuse(misplaced, advice="choose other names or another folder")
        if self.overwrite != "always":
            occupied = (self._occupied(case, self.paths[case.name]) for case in cases)
            _refuse(occupied, advice="--overwrite replaces them, or choose another folder")
        kept = [case for case in cases if self._is_kept(case, self.paths[case.name])]
        names = {case.name for case in kept}
        todo = [case for case in cases if case.name not in names]
        return Plan(todo=tuple(todo), kept=tuple(kept), remarks=self._remarks(todo, kept))

    def _misplaced(self, path: Path) -> str:
        """Reason why no volume with its own sidecar can be written to `path`; empty if it can."""
        for file in (path, sidecar_of(path)):
            problem = _unwritable_file(file)
            if problem:
                return problem
        if not path.resolve().is_relative_to(self.folder.resolve()):
            return f"{path} lies outside {self.folder}"
        others = (path.with_name(stem_of(path) + suffix) for suffix in VOLUME_SUFFIXES)
        siblings = [other for other in others if other != path and os.path.lexists(other)]
        return f"{path} would share a sidecar with {siblings[0].name}" if siblings else ""

    def _occupied(self, case: Case, path: Path) -> str:
        """Reason why the file at `path` must not be replaced; empty if it may be."""
        mark = is_synthetic if self.overwrite == "stale" else is_marked
        if path.exists() and not mark(path):
            return f"{path} was not written by crossvox"
        sidecar = read_sidecar(path)
        if sidecar_of(path).exists() and sidecar.get("Notice") != NOTICE:
            return f"{sidecar_of(path)} was not written by crossvox"
        if self.overwrite == "stale" or not path.exists():
            return ""
        difference = origin_difference(sidecar, case, self.description, reading=self.reading)
        return f"{path} was {difference}" if difference else ""

    def _is_kept(self, case: Case, path: Path) -> bool:
        if self.overwrite == "always" or not path.exists():
            return False
        if self.overwrite == "stale":
            return up_to_date(case, path, self.description, compute=self.compute)
        return has_same_sources(read_sidecar(path), case, self.description)

    def _remarks(self, todo: Sequence[Case], kept: Sequence[Case]) -> tuple[str, ...]:
        replaced = sum(self.paths[case.name].exists() for case in todo)
        elsewhere = [
            place
            for case in kept
            if (place := compute_difference(read_sidecar(self.paths[case.name]), self.compute))
        ]
        remarks = []
        if replaced and self.overwrite == "never":
            remarks.append(f"{replaced} synthesized again because their sources have changed")
        if elsewhere:
            remarks.append(f"{len(elsewhere)} kept although synthesized {elsewhere[0]}")
        return tuple(remarks)


def refuse_other_format(out: Path) -> None:
    """Refuse an output name with the ending of a file format that is not written.

    Raises:
        SettingsError: `out` has such an ending and is not an existing folder.
    """
    name = out.name.lower()
    if name.endswith(WRITABLE_SUFFIXES) and is_volume(out):
        return
    if name.endswith(OTHER_FORMATS) and (_is_too_long(out) or not out.is_dir()):
        raise SettingsError(
            f"{out}: volumes are written as .nii.gz or .nii; give such a name or a folder"
        )


def _unwritable_file(file: Path) -> str:
    if _is_too_long(file):
        return f"{file}: the name is too long for a file"
    if file.is_symlink():
        return f"{file} is a link to {file.readlink()}; name the file itself or remove the link"
    if file.is_dir():
        return f"{file} is a folder"
    return _unwritable_folder(file.parent)


def _is_too_long(path: Path) -> bool:
    return max(len(os.fsencode(name)) for name in path.absolute().parts) > LONGEST_NAME


def _unwritable_folder(folder: Path) -> str:
    """Reason why no file can be created in `folder`, which need not exist; empty if one can."""
    existing = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not existing.is_dir():
        return f"{folder} cannot be written: {existing} is not a folder"
    if not os.access(existing, os.W_OK | os.X_OK):
        return f"{folder} cannot be written: you may not write to {existing}"
    return ""


def _refuse(problems: Iterable[str], *, advice: str) -> None:
    listed = [problem for problem in problems if problem]
    if not listed:
        return
    more = f"; and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    raise CohortError(f"{'; '.join(listed[:MOST_NAMED])}{more}: {advice}")
