"""The command `crossvox compare`."""

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
    """Compare runs or folders of volumes (RUN RUN … OUT); write tables, a figure and a page.

    Scores cover the cases that all of them share, on the reference's grid, with confidence
    intervals and paired tests. Runs are timed on this machine one after the other, each in its
    own process.

    Parameters
    ----------
    paths
        Finished runs of crossvox train, or folders of volumes from any software; the last path
        is the output folder.
    against
        Run or baseline to compare all others with (default: the first run).
    names
        Names of the runs or folders, separated by commas (default: the folder names).
    reference
        Reference volumes for folders of volumes; runs have their own.
    source_modality
        Suffix of the source volumes beside the references, such as FLAIR.
    mask
        Masks inside which folders of volumes are scored (default: the head of the reference).
    inception
        File of Inception-v3 weights for FID and KID (default: both are n/a).
    seed
        Random seed for the bootstrap confidence intervals.
    device
        Device to time the runs on: cpu or cuda (default: the GPU if there is one).
    fresh
        Repeat the timings that an earlier comparison stored in the output folder.
    include_trained
        Also score people from a model's training or validation set (folders of volumes only).
    allow_synthetic
        Also score against synthesized references (folders of volumes only).
    beside
        Published results to print below the table; they come from another cohort.
    """
    import crossvox

    *runs, out = paths or (Path(),)
    if not runs:
        raise crossvox.SettingsError(
            "no runs to compare; give them and an output folder: crossvox compare RUN RUN OUT"
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
