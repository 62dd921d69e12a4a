"""Printing of scores on the terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from crossvox import Evaluation, SomeCasesFailedError


def print_scores(evaluation: Evaluation) -> None:
    """Print the notes on the scores, their table, and the path of the report."""
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
    """Print the scores of the other cases if some fail."""
    try:
        yield
    except SomeCasesFailedError as error:
        if isinstance(error.result, Evaluation):
            print_scores(error.result)
        raise


def _dimmed(cell: str) -> str:
    """Text of a cell with every line after the first dimmed."""
    first, *others = cell.split("\n")
    return "\n".join([first, *(f"[dim]{line}[/dim]" for line in others)])
