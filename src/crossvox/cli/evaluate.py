"""The command `crossvox evaluate`."""

from pathlib import Path


def evaluate(
    synthesized: Path,
    reference: Path,
    out: Path,
    /,
    *,
    source: Path | None = None,
    source_modality: str | None = None,
    mask: Path | None = None,
    labels: Path | None = None,
    modality: str | None = None,
    mean_target: Path | None = None,
    inception: Path | None = None,
    data_range: float | None = None,
    run: Path | None = None,
    seed: int = 0,
    include_trained: bool = False,
    allow_synthetic: bool = False,
) -> None:
    """Score synthesized volumes against references and write a report.

    Files are paired by the person and session in their names, and scored on the reference's
    grid. Exits with code 3 if some cases cannot be scored; the report covers all others.

    Parameters
    ----------
    synthesized
        Synthesized volumes: a file, a folder of volumes or a BIDS folder.
    reference
        Real volumes of the same people: a file, a folder of volumes or a BIDS folder.
    out
        Output folder for report.html, scores.csv, baselines.csv, pairs.csv and comparison.json.
    source
        Source volumes, for the baselines (default: those of --source-modality beside the
        references).
    source_modality
        Suffix of the source files, such as FLAIR.
    mask
        Masks inside which metrics are computed (default: the head of the reference).
    labels
        Label maps; each label is scored separately.
    modality
        Target modality, such as T1w (default: read from the file names).
    mean_target
        Mean of the training targets, as an additional baseline.
    inception
        File of Inception-v3 weights (pt_inception-2015-12-05-6726825d.pth) for FID and KID.
    data_range
        Intensity range for PSNR and SSIM (default: the range of each reference).
    run
        Folder of the training run, whose curves and settings the report shows.
    seed
        Random seed for the bootstrap confidence intervals.
    include_trained
        Also score people from the model's training or validation set.
    allow_synthetic
        Also score against synthesized references.
    """
    import crossvox
    from crossvox.cli.scores import print_scores, printing_scores

    with printing_scores(), crossvox.Bars() as bars:
        evaluation = crossvox.evaluate(
            synthesized,
            reference,
            out,
            source=source,
            source_modality=source_modality,
            mask=mask,
            labels=labels,
            modality=modality,
            mean_target=mean_target,
            inception=inception,
            data_range=data_range,
            run=run,
            seed=seed,
            include_trained=include_trained,
            allow_synthetic=allow_synthetic,
            progress=bars,
        )
    print_scores(evaluation)
