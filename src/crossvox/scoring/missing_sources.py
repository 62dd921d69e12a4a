"""Why cases have no source although sources were named."""

from collections.abc import Sequence
from pathlib import Path

from crossvox.scoring.file_index import Shelf

LISTED = 8


def on_missing_sources(
    cases: Sequence[tuple[str, str, Path | None]],
    asked: Shelf | None,
    *,
    modality: str | None,
    target: str | None,
) -> tuple[str, ...]:
    """A sentence where volumes were named as sources and some case found none among them.

    Args:
        cases: Case, person and source of each pair.
        asked: Everything at or below the path that was named; None where none was.
        modality: Suffix that the sources' names must have.
        target: Suffix of the target's files, which are no sources.
    """
    lacking = [(case, person) for case, person, source in cases if source is None]
    if not lacking and asked is not None:
        return ()
    wanted = "" if modality is None else f" of {modality}"
    if asked is None:
        if modality is None:
            return ()
        return (
            f"No source{wanted} was looked for, since the reference is a single file; name the"
            " sources by --source.",
        )
    names = _listed([case for case, _ in lacking])
    why = _why(lacking, asked, modality=modality, target=target)
    return (f"No source{wanted} in {asked.root.name} for {names}: {why}.",)


def _why(
    lacking: Sequence[tuple[str, str]],
    asked: Shelf,
    *,
    modality: str | None,
    target: str | None,
) -> str:
    if asked.root.is_file():
        return "a single file is the source of a single case"
    suffixes = sorted({volume.name.modality for volume in asked.volumes})
    if modality is not None and not {"", modality} & set(suffixes):
        return f"its volumes are of {_listed(suffixes)}"
    if modality is None and target and suffixes == [target]:
        return f"all its volumes are of the target, {target}"
    people = sorted({volume.name.person for volume in asked.volumes})
    if not {person for _, person in lacking} & set(people):
        return f"its volumes are of {_listed(people)}"
    return "none of its volumes has the same session and another modality"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (", …" if len(names) > LISTED else "")
