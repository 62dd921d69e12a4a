"""The volumes of one kind below one path, found by the case they belong to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crossvox.errors import CohortError
from crossvox.files import is_volume
from crossvox.scoring.file_names import VolumeName, name_of

NOT_RAW = frozenset({"derivatives", "sourcedata"})


@dataclass(frozen=True, kw_only=True)
class Found:
    """A volume and what its name says."""

    path: Path
    name: VolumeName


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Volumes of one kind.

    Attributes:
        kind: What they are, for messages.
        root: Where they were sought.
        volumes: Sorted by path.
    """

    kind: str
    root: Path
    volumes: tuple[Found, ...]

    def of_modality(self, modality: str) -> "Shelf":
        """Those of `modality`, and those whose name shows none."""
        return self._only(
            [found for found in self.volumes if found.name.modality in {"", modality}]
        )

    def of_other_modality(self, modality: str) -> "Shelf":
        """Those that are surely not of `modality`."""
        return self._only([found for found in self.volumes if found.name.modality != modality])

    def partner_of(self, wanted: Found) -> Path | None:
        """The volume of the same person and session, None where there is none.

        Raises:
            CohortError: Several would do.
        """
        others = [found for found in self.volumes if found.path != wanted.path]
        matching = [found for found in others if _same_case(found.name, wanted.name)]
        for narrowed in _narrowings(matching, wanted.name):
            if len(matching) > 1 and narrowed:
                matching = [found for found in matching if found in narrowed]
        if len(matching) > 1:
            files = ", ".join(found.path.name for found in matching)
            raise CohortError(
                f"{wanted.path.name}: several files could be its {self.kind}: {files};"
                " give a folder that has one of them, or name the modality"
            )
        return matching[0].path if matching else None

    def _only(self, volumes: list[Found]) -> "Shelf":
        return Shelf(kind=self.kind, root=self.root, volumes=tuple(volumes))


def shelf(kind: str, root: Path, *, modality: str | None = None) -> Shelf:
    """Every volume at or below `root`; folders of derivatives and hidden ones are not entered.

    Args:
        kind: What they are, for messages.
        root: A file or a folder.
        modality: Ending of names that are not of BIDS.

    Raises:
        CohortError: `root` is missing or holds no volume.
    """
    if not root.exists():
        raise CohortError(f"{root}: no such {kind} file or folder")
    paths = [root] if root.is_file() else _volumes_below(root)
    if not paths:
        raise CohortError(f"{root}: no {kind} volume in this folder (.nii.gz, .nii, .mgz)")
    found = tuple(
        Found(path=path, name=name_of(path, root=root, modality=modality)) for path in paths
    )
    return Shelf(kind=kind, root=root, volumes=found)


def case_names(volumes: Sequence[Found]) -> tuple[str, ...]:
    """The case of each volume, with its run or acquisition where a case has several volumes."""
    counts = Counter(volume.name.case for volume in volumes)
    return tuple(
        name.case if counts[name.case] == 1 else "_".join([name.case, *sorted(name.acquisition)])
        for name in (volume.name for volume in volumes)
    )


def _volumes_below(root: Path) -> list[Path]:
    return [
        path
        for path in sorted(root.rglob("*"))
        if is_volume(path) and not _is_aside(path.relative_to(root))
    ]


def _is_aside(relative: Path) -> bool:
    folders = relative.parts[:-1]
    return any(folder in NOT_RAW or folder.startswith(".") for folder in folders)


def _same_case(one: VolumeName, other: VolumeName) -> bool:
    sessions = {one.session, other.session} - {""}
    return one.person == other.person and len(sessions) <= 1


def _narrowings(matching: list[Found], wanted: VolumeName) -> tuple[list[Found], ...]:
    """What to prefer, one after the other, among volumes of the same case."""
    return (
        [found for found in matching if found.name.modality],
        [found for found in matching if found.name.session == wanted.session],
        [found for found in matching if not found.name.processed],
        [found for found in matching if found.name.acquisition == wanted.acquisition],
    )
