"""Person, session and modality of a volume, parsed from its file name."""

from dataclasses import dataclass
from pathlib import Path

from crossvox.files import stem_of

BIDS_ENTITIES = "sub ses acq ce dir rec run echo part chunk space res den label desc mod task hemi"
ENTITIES = frozenset(BIDS_ENTITIES.split())
PROCESSING_ENTITIES = frozenset({"space", "res", "den", "label", "desc"})


@dataclass(frozen=True, kw_only=True)
class VolumeName:
    """Parts of a volume's file name.

    Attributes:
        person: "sub-01" in a BIDS name, else the name without its modality, else its folder.
        session: "ses-2", or empty.
        modality: BIDS suffix; empty if the name does not show a modality.
        acquisition: Entities that distinguish repeated volumes of one session ("run-2").
        processed: Whether the name marks the volume as derived ("desc-synth").
    """

    person: str
    session: str
    modality: str
    acquisition: frozenset[str]
    processed: bool

    @property
    def case(self) -> str:
        """Name of the case: the person and, if any, the session."""
        return f"{self.person}_{self.session}" if self.session else self.person


def name_of(path: Path, *, root: Path, modality: str | None) -> VolumeName:
    """Parse the name of a volume below `root`.

    Args:
        path: Path of the volume.
        root: Folder that was searched, or the file itself.
        modality: Ending to remove from a name outside BIDS ("anna_T1w").
    """
    parts = stem_of(path).split("_")
    entities = [part for part in parts if _is_entity(part)]
    words = [part for part in parts if not _is_entity(part)]
    values = dict(entity.split("-", 1) for entity in entities)
    suffix = ""
    if words and (entities or words[-1].lower() == (modality or "").lower()):
        suffix = words.pop()
    plain = "_".join(words) or _folder(path, root) or suffix
    return VolumeName(
        person=f"sub-{values['sub']}" if "sub" in values else plain,
        session=f"ses-{values['ses']}" if "ses" in values else "",
        modality=suffix,
        acquisition=frozenset(
            entity
            for entity in entities
            if entity.split("-")[0] not in PROCESSING_ENTITIES | {"sub", "ses"}
        ),
        processed=not PROCESSING_ENTITIES.isdisjoint(values),
    )


def _folder(path: Path, root: Path) -> str:
    return "" if root in {path, path.parent} else path.parent.relative_to(root).as_posix()


def _is_entity(part: str) -> bool:
    key, dash, value = part.partition("-")
    return bool(dash and value) and key in ENTITIES
