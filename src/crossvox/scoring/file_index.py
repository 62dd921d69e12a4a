"""Index of the volumes of one kind below a path, searched by person and session."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crossvox.errors import CohortError
from crossvox.files import is_volume
from crossvox.scoring.file_names import VolumeName, name_of

SKIPPED_FOLDERS = frozenset({"derivatives", "sourcedata"})


@dataclass(frozen=True, kw_only=True)
class IndexedVolume:
    """A volume file and the parts of its name."""

    path: Path
    name: VolumeName


@dataclass(frozen=True, kw_only=True)
class VolumeIndex:
    """Index of the volumes of one kind.

    Attributes:
        kind: Noun for these volumes in messages, such as "reference".
        root: File or folder that was searched.
        volumes: Indexed volumes, sorted by path.
    """

    kind: str
    root: Path
    volumes: tuple[IndexedVolume, ...]

    def of_modality(self, modality: str) -> "VolumeIndex":
        """Keep the volumes of `modality` and those whose name shows no modality."""
        return self._only(
            [volume for volume in self.volumes if volume.name.modality in {"", modality}]
        )

    def of_other_modality(self, modality: str) -> "VolumeIndex":
        """Keep the volumes whose name does not show `modality`."""
        return self._only([volume for volume in self.volumes if volume.name.modality != modality])

    def partner_of(self, synthesized: IndexedVolume) -> Path | None:
        """Path of the volume of the same person and session as `synthesized`, or None.

        Raises:
            CohortError: Several volumes match.
        """
        others = [volume for volume in self.volumes if volume.path != synthesized.path]
        matching = [volume for volume in others if _same_case(volume.name, synthesized.name)]
        for preferred in _preferences(matching, synthesized.name):
            if len(matching) > 1 and preferred:
                matching = [volume for volume in matching if volume in preferred]
        if len(matching) > 1:
            files = ", ".join(volume.path.name for volume in matching)
            raise CohortError(
                f"{synthesized.path.name}: several files match as its {self.kind}: {files};"
                " give a folder with only one of them, or name the modality"
            )
        return matching[0].path if matching else None

    def _only(self, volumes: list[IndexedVolume]) -> "VolumeIndex":
        return VolumeIndex(kind=self.kind, root=self.root, volumes=tuple(volumes))


def index_volumes(kind: str, root: Path, *, modality: str | None = None) -> VolumeIndex:
    """Index every volume at or below `root`, skipping derivatives and hidden folders.

    Args:
        kind: Noun for these volumes in messages, such as "reference".
        root: File or folder to search.
        modality: Ending of file names outside BIDS.

    Raises:
        CohortError: `root` is missing or contains no volume.
    """
    if not root.exists():
        raise CohortError(f"{root}: no such {kind} file or folder; check the path")
    paths = [root] if root.is_file() else _volumes_below(root)
    if not paths:
        raise CohortError(
            f"{root}: no {kind} volume in this folder; expected files ending in .nii.gz, .nii or"
            " .mgz"
        )
    volumes = tuple(
        IndexedVolume(path=path, name=name_of(path, root=root, modality=modality)) for path in paths
    )
    return VolumeIndex(kind=kind, root=root, volumes=volumes)


def case_names(volumes: Sequence[IndexedVolume]) -> tuple[str, ...]:
    """Name of each volume's case, with run or acquisition where a case has several volumes."""
    counts = Counter(volume.name.case for volume in volumes)
    return tuple(
        name.case if counts[name.case] == 1 else "_".join([name.case, *sorted(name.acquisition)])
        for name in (volume.name for volume in volumes)
    )


def _volumes_below(root: Path) -> list[Path]:
    return [
        path
        for path in sorted(root.rglob("*"))
        if is_volume(path) and not _is_skipped(path.relative_to(root))
    ]


def _is_skipped(relative: Path) -> bool:
    folders = relative.parts[:-1]
    return any(folder in SKIPPED_FOLDERS or folder.startswith(".") for folder in folders)


def _same_case(first: VolumeName, second: VolumeName) -> bool:
    sessions = {first.session, second.session} - {""}
    return first.person == second.person and len(sessions) <= 1


def _preferences(
    matching: list[IndexedVolume], name: VolumeName
) -> tuple[list[IndexedVolume], ...]:
    """Preferred volumes of the same case as `name`, by criteria in order of priority."""
    return (
        [volume for volume in matching if volume.name.modality],
        [volume for volume in matching if volume.name.session == name.session],
        [volume for volume in matching if not volume.name.processed],
        [volume for volume in matching if volume.name.acquisition == name.acquisition],
    )
