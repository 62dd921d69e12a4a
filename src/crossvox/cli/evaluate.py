"""crossvox evaluate."""

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
    """Score synthesized volumes against references; write a report.

    Files are paired by person and session as their names say, and scored on the reference's
    grid. Ends with 3 where some could not be scored; the others are in the report all the same.

    Parameters
    ----------
    synthesized
        A volume, a folder of volumes or a BIDS folder.
    reference
        What they should be, likewise.
    out
        Folder for report.html, scores.csv, baselines.csv, pairs.csv and comparison.json.
    source
        What they were made from, for the baselines; looked for beside the references where
        only its modality is given.
    source_modality
        Suffix of the source's files, such as FLAIR.
    mask
        Where metrics count; the head of the reference where absent.
    labels
        Label maps; each label is scored by itself.
    modality
        Of the target, such as T1w; read off the names where absent.
    mean_target
        Mean of the training targets, one more baseline.
    inception
        Weights of Inception-v3 (pt_inception-2015-12-05-6726825d.pth) for FID and KID.
    data_range
        Stated range of PSNR and SSIM; each reference's own where absent.
    run
        Folder of the training run, for its curves and settings.
    seed
        Random seed for the bootstrap confidence intervals.
    include_trained
        Also score people that the model was trained on, or that chose its weights.
    allow_synthetic
        Also score against references that were synthesized themselves.
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
