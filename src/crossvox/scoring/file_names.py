"""Whose volume a file holds, read off its name."""

from dataclasses import dataclass
from pathlib import Path

from crossvox.files import stem_of

BIDS_ENTITIES = "sub ses acq ce dir rec run echo part chunk space res den label desc mod task hemi"
ENTITIES = frozenset(BIDS_ENTITIES.split())
MADE_BY_PROCESSING = frozenset({"space", "res", "den", "label", "desc"})


@dataclass(frozen=True, kw_only=True)
class VolumeName:
    """The parts of a file name.

    Attributes:
        person: "sub-01" of a BIDS name, else the name without its modality, else its folder.
        session: "ses-2", or empty.
        modality: BIDS suffix, or empty where the name does not show one.
        acquisition: Entities that tell repeated volumes of one session apart ("run-2").
        processed: Whether the name says that it was derived ("desc-synth").
    """

    person: str
    session: str
    modality: str
    acquisition: frozenset[str]
    processed: bool

    @property
    def case(self) -> str:
        """Person and session in one word."""
        return f"{self.person}_{self.session}" if self.session else self.person


def name_of(path: Path, *, root: Path, modality: str | None) -> VolumeName:
    """The parts of the name of a volume below `root`.

    Args:
        path: The file.
        root: The folder it was found in, or the file itself.
        modality: Ending to take off a name that is not of BIDS ("anna_T1w").
    """
    parts = stem_of(path).split("_")
    entities = [part for part in parts if _is_entity(part)]
    words = [part for part in parts if not _is_entity(part)]
    found = dict(entity.split("-", 1) for entity in entities)
    suffix = ""
    if words and (entities or words[-1].lower() == (modality or "").lower()):
        suffix = words.pop()
    plain = "_".join(words) or _folder(path, root) or suffix
    return VolumeName(
        person=f"sub-{found['sub']}" if "sub" in found else plain,
        session=f"ses-{found['ses']}" if "ses" in found else "",
        modality=suffix,
        acquisition=frozenset(
            entity
            for entity in entities
            if entity.split("-")[0] not in MADE_BY_PROCESSING | {"sub", "ses"}
        ),
        processed=not MADE_BY_PROCESSING.isdisjoint(found),
    )


def _folder(path: Path, root: Path) -> str:
    return "" if root in {path, path.parent} else path.parent.relative_to(root).as_posix()


def _is_entity(part: str) -> bool:
    key, dash, value = part.partition("-")
    return bool(dash and value) and key in ENTITIES
