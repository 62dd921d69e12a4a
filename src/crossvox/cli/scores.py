"""Scores on the terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from crossvox import Evaluation, SomeCasesFailedError


def print_scores(evaluation: Evaluation) -> None:
    """Print what to know of the scores, their table, and where the report is."""
    from rich.console import Console
    from rich.table import Table

    for note in evaluation.notes:
        print(note, file=sys.stderr)
    first, *methods = evaluation.table.columns
    table = Table(title=evaluation.table.title, title_justify="left")
    table.add_column(first)
    for method in methods:
        table.add_column(method, justify="right")
    for row in evaluation.table.rows:
        table.add_row(*map(_dimmed, row))
    Console().print(table)
    if evaluation.perfect:
        print(evaluation.perfect)
    print(evaluation.report)


@contextmanager
def printing_scores() -> Iterator[None]:
    """Print the scores of the cases that are done where others failed."""
    try:
        yield
    except SomeCasesFailedError as error:
        if isinstance(error.result, Evaluation):
            print_scores(error.result)
        raise


def _dimmed(cell: str) -> str:
    """Only the second line of a cell of less weight."""
    first, *others = cell.split("\n")
    return "\n".join([first, *(f"[dim]{line}[/dim]" for line in others)])
