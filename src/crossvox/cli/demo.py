"""The command `crossvox demo`."""

from pathlib import Path


def demo(out: Path = Path("crossvox-demo"), /) -> None:
    """Run the whole workflow on phantoms: simulate, train, predict, evaluate (a few minutes).

    Parameters
    ----------
    out
        Output folder for the phantom cohort and the run.
    """
    import crossvox
    from crossvox.cli.scores import print_scores, printing_scores

    with printing_scores(), crossvox.Bars() as bars:
        evaluation = crossvox.demo(out, progress=bars)
    if evaluation:
        print_scores(evaluation)
    else:
        print(out)
