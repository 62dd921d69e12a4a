"""Where synthesized volumes go, and what stands there already: all decided before any work."""

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
    made_elsewhere,
    made_otherwise,
    of_same_sources,
    up_to_date,
)
from crossvox.synthesis.store import Description

Overwrite = Literal["never", "stale", "always"]

MOST_NAMED = 5
# File endings that are never meant as the name of a folder.
OTHER_FORMATS = (
    *VOLUME_SUFFIXES, ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm", ".ima", ".mnc", ".gipl", ".nia",
    ".vtk", ".vti", ".par", ".rec", ".brik", ".head", ".gz", ".bz2", ".xz", ".zst", ".zip", ".tar",
    ".tgz", ".7z", ".rar", ".npy", ".npz", ".h5", ".hdf5", ".mat", ".pt", ".pth", ".onnx",
    ".safetensors", ".json", ".csv", ".tsv", ".txt", ".toml", ".html", ".pdf", ".png", ".jpg",
    ".jpeg", ".tif", ".tiff", ".bmp", ".gif",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done.

    Attributes:
        todo: Cases to be synthesized.
        kept: Cases whose volumes are there and as they would be made now.
        remarks: What the user should know of them, a line each.
    """

    todo: tuple[Case, ...]
    kept: tuple[Case, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The files that a cohort is to become.

    Attributes:
        folder: All of them lie below it.
        paths: Volume of each case, by name.
        description: Of the synthesizer.
        compute: Where and how it runs.
        overwrite: "never" replaces volumes of this model whose source has changed, "stale" all
            that crossvox wrote and would make otherwise now, "always" whatever is there.
        reading: How the sources are read.
    """

    folder: Path
    paths: Mapping[str, Path]
    description: Description
    compute: Compute
    overwrite: Overwrite = "never"
    reading: ReadOptions = field(default_factory=ReadOptions)

    def plan(self, cases: Sequence[Case]) -> Plan:
        """Which cases are to be synthesized.

        Raises:
            CohortError: A volume or its sidecar cannot take its place: something stands there
                that crossvox did not write, or that another model made, and `overwrite` does not
                cover; or its path is no place for a file.
        """
        _refuse([_no_place_below(self.folder)], advice="choose another folder")
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
        """Why no volume can be written to `path` with a sidecar of its own; empty if it can."""
        for file in (path, sidecar_of(path)):
            wrong = _no_place_for_a_file(file)
            if wrong:
                return wrong
        if not path.resolve().is_relative_to(self.folder.resolve()):
            return f"{path} lies outside {self.folder}"
        others = (path.with_name(stem_of(path) + suffix) for suffix in VOLUME_SUFFIXES)
        sharing = [other for other in others if other != path and os.path.lexists(other)]
        return f"{path} would share a sidecar with {sharing[0].name}" if sharing else ""

    def _occupied(self, case: Case, path: Path) -> str:
        """What is at `path` that may not be replaced; empty if nothing is."""
        mark = is_synthetic if self.overwrite == "stale" else is_marked
        if path.exists() and not mark(path):
            return f"{path} was not written by crossvox"
        said = read_sidecar(path)
        if sidecar_of(path).exists() and said.get("Notice") != NOTICE:
            return f"{sidecar_of(path)} was not written by crossvox"
        if self.overwrite == "stale" or not path.exists():
            return ""
        otherwise = made_otherwise(said, case, self.description, reading=self.reading)
        return f"{path} was {otherwise}" if otherwise else ""

    def _is_kept(self, case: Case, path: Path) -> bool:
        if self.overwrite == "always" or not path.exists():
            return False
        if self.overwrite == "stale":
            return up_to_date(case, path, self.description, compute=self.compute)
        return of_same_sources(read_sidecar(path), case, self.description)

    def _remarks(self, todo: Sequence[Case], kept: Sequence[Case]) -> tuple[str, ...]:
        again = sum(self.paths[case.name].exists() for case in todo)
        elsewhere = [
            words
            for case in kept
            if (words := made_elsewhere(read_sidecar(self.paths[case.name]), self.compute))
        ]
        remarks = []
        if again and self.overwrite == "never":
            remarks.append(f"{again} made again: their sources have changed")
        if elsewhere:
            remarks.append(f"{len(elsewhere)} of those there were made {elsewhere[0]}")
        return tuple(remarks)


def refuse_other_format(out: Path) -> None:
    """Refuse a name that is neither that of a volume we write nor that of a folder.

    Raises:
        SettingsError: It ends as files of another format do.
    """
    name = out.name.lower()
    if name.endswith(WRITABLE_SUFFIXES) and is_volume(out):
        return
    if name.endswith(OTHER_FORMATS) and (_is_too_long(out) or not out.is_dir()):
        raise SettingsError(
            f"{out}: volumes are written as .nii.gz or .nii; give such a name, or a folder"
        )


def _no_place_for_a_file(file: Path) -> str:
    if _is_too_long(file):
        return f"{file}: the name is too long for a file"
    if file.is_symlink():
        return f"{file} is a link to {file.readlink()}; name the file itself or remove the link"
    if file.is_dir():
        return f"{file} is a folder"
    return _no_place_below(file.parent)


def _is_too_long(path: Path) -> bool:
    return max(len(os.fsencode(name)) for name in path.absolute().parts) > LONGEST_NAME


def _no_place_below(folder: Path) -> str:
    """Why no file can be made in `folder`, which need not exist; empty if one can."""
    standing = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    if not standing.is_dir():
        return f"{folder} cannot be written: {standing} is no folder"
    if not os.access(standing, os.W_OK | os.X_OK):
        return f"{folder} cannot be written: you may not write to {standing}"
    return ""


def _refuse(problems: Iterable[str], *, advice: str) -> None:
    listed = [problem for problem in problems if problem]
    if not listed:
        return
    more = f"; and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    raise CohortError(f"{'; '.join(listed[:MOST_NAMED])}{more}: {advice}")
