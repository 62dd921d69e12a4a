"""crossvox demo."""

from pathlib import Path


def demo(out: Path = Path("crossvox-demo"), /) -> None:
    """Show the whole way on phantoms: image them, train, predict, evaluate; some minutes.

    Parameters
    ----------
    out
        Folder for the phantom cohort and the run.
    """
    from rich.console import Console

    from crossvox.cli.evaluate import summary_table
    from crossvox.cli.screen import Screen
    from crossvox.journey import demo as run_demo

    with Screen() as screen:
        evaluation = run_demo(out, progress=screen)
    if evaluation:
        Console().print(summary_table(evaluation))
    print(evaluation.report if evaluation else out)
