"""crossvox suite."""

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

    The same command goes on where an earlier one stopped and skips what is done. Ends with 3
    where some runs failed; the others are compared all the same.

    Parameters
    ----------
    suite
        TOML file: shared sections, and what each run lays over them.
    out
        Folder for runs/ and comparison/.
    data
        The cohort, in place of the one the suite names: a BIDS folder, a CSV or JSON manifest,
        or a folder with one folder per modality.
    only
        Runs to train, separated by commas.
    inception
        Weights of Inception-v3 for FID and KID; n/a where absent.
    device
        cpu or cuda; the GPU where there is one.
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
