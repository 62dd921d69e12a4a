"""The command `crossvox suite`."""

from pathlib import Path


def suite(
    suite: Path,
    out: Path,
    /,
    *,
    data: Path | None = None,
    only: str | None = None,
    inception: Path | None = None,
    device: str | None = None,
) -> None:
    """Train several experiments on one cohort and compare them.

    Running the same command again resumes a run that was stopped and skips finished runs.
    Exits with code 3 if some runs fail; all others are still compared.

    Parameters
    ----------
    suite
        TOML file with the settings that runs share and those that each run changes.
    out
        Output folder for runs/ and comparison/.
    data
        Cohort to use instead of the suite's: a BIDS folder, a CSV or JSON manifest, or a folder
        with one folder per modality.
    only
        Names of the runs to train, separated by commas (default: all).
    inception
        File of Inception-v3 weights for FID and KID (default: both are n/a).
    device
        Device to train on: cpu or cuda (default: the GPU if there is one).
    """
    import crossvox

    try:
        with crossvox.Bars() as bars:
            result = crossvox.suite(
                suite, out, data=data, only=only, inception=inception, device=device, progress=bars
            )
    except crossvox.SomeCasesFailedError as error:
        print(getattr(error.result, "page", None) or out)
        raise
    print(result.page or out)
