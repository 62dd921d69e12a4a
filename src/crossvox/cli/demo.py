"""crossvox demo."""

from pathlib import Path


def demo(out: Path = Path("crossvox-demo"), /) -> None:
    """Show the whole way on phantoms: image them, train, predict, evaluate; some minutes.

    Parameters
    ----------
    out
        Folder for the phantom cohort and the run.
    """
    from crossvox.cli.evaluate import print_scores
    from crossvox.cli.screen import Screen
    from crossvox.journey import demo as run_demo

    with Screen() as screen:
        evaluation = run_demo(out, progress=screen)
    if evaluation:
        print_scores(evaluation)
    else:
        print(out)
