"""Notes on cases for which no source was found although sources were requested."""

from collections.abc import Sequence
from pathlib import Path

from crossvox.scoring.file_index import VolumeIndex

MOST_NAMES = 8  # listed in a note


def on_missing_sources(
    cases: Sequence[tuple[str, str, Path | None]],
    searched: VolumeIndex | None,
    *,
    modality: str | None,
    target: str | None,
) -> tuple[str, ...]:
    """Explain which cases have no source, and why.

    Args:
        cases: Case, person and source of each pair.
        searched: Index of the sources; None if no path of sources was given.
        modality: Suffix that the names of the sources must have.
        target: Suffix of the target's files, which cannot be sources.

    Returns:
        One sentence, or none if there is nothing to explain.
    """
    lacking = [(case, person) for case, person, source in cases if source is None]
    if not lacking and searched is not None:
        return ()
    of_modality = "" if modality is None else f" of {modality}"
    if searched is None:
        if modality is None:
            return ()
        return (
            f"No source{of_modality} was looked for because the reference is a single file; give"
            " the sources with --source.",
        )
    names = _listed([case for case, _ in lacking])
    why = _why(lacking, searched, modality=modality, target=target)
    return (f"No source{of_modality} in {searched.root.name} for {names}: {why}.",)


def _why(
    lacking: Sequence[tuple[str, str]],
    sources: VolumeIndex,
    *,
    modality: str | None,
    target: str | None,
) -> str:
    if sources.root.is_file():
        return "a single file can be the source of only one case"
    suffixes = sorted({volume.name.modality for volume in sources.volumes})
    if modality is not None and not {"", modality} & set(suffixes):
        return f"its volumes have modality {_listed(suffixes)}"
    if modality is None and target and suffixes == [target]:
        return f"all its volumes have the target modality, {target}"
    people = sorted({volume.name.person for volume in sources.volumes})
    if not {person for _, person in lacking} & set(people):
        return f"its volumes belong to {_listed(people)}"
    return "no volume has the same session and a different modality"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")
