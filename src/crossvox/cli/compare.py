"""crossvox compare."""

import sys
from pathlib import Path
from typing import Literal


def compare(
    *paths: Path,
    against: str | None = None,
    names: str | None = None,
    reference: Path | None = None,
    source_modality: str | None = None,
    mask: Path | None = None,
    inception: Path | None = None,
    seed: int = 0,
    device: str | None = None,
    fresh: bool = False,
    include_trained: bool = False,
    allow_synthetic: bool = False,
    beside: Literal["paper"] | None = None,
) -> None:
    """Compare runs or folders of volumes: RUN RUN … OUT; write tables, a figure and a page.

    Scores are of the cases that all have, on the reference's grid, with intervals and paired
    tests. Each run is timed here and now, in a process of its own, one after the other.

    Parameters
    ----------
    paths
        Finished runs of crossvox train, or folders of volumes, ours or anybody's; the last is
        the folder to write.
    against
        Name that the others are tested against, a baseline's too; the first where absent.
    names
        One for each run or folder, separated by commas; those of the folders where absent.
    reference
        What folders of volumes should be; runs know their own.
    source_modality
        Suffix of the sources beside the references, such as FLAIR.
    mask
        Where metrics of folders count; the head of the reference where absent.
    inception
        Weights of Inception-v3 for FID and KID; n/a where absent.
    seed
        Random seed for the bootstrap confidence intervals.
    device
        cpu or cuda, that runs are timed on; the GPU where there is one.
    fresh
        Time again what an earlier comparison into the same folder timed.
    include_trained
        Also score people of folders that a model was trained on, or that chose its weights.
    allow_synthetic
        Also score folders against references that were synthesized themselves.
    beside
        Published numbers to print below the table; they are of another cohort.
    """
    import crossvox

    *runs, out = paths or (Path(),)
    if not runs:
        raise crossvox.SettingsError(
            "say what to compare and where to: crossvox compare RUN RUN OUT"
        )
    with crossvox.Bars() as bars:
        comparison = crossvox.compare(
            runs,
            out,
            against=against,
            names=names,
            reference=reference,
            source_modality=source_modality,
            mask=mask,
            inception=inception,
            seed=seed,
            device=device,
            fresh=fresh,
            include_trained=include_trained,
            allow_synthetic=allow_synthetic,
            beside=beside,
            progress=bars,
        )
    for note in comparison.notes:
        print(note, file=sys.stderr)
    print(comparison.page)
