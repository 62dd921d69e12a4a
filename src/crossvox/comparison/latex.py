"""Write the table of a comparison as LaTeX with booktabs, for a paper."""

from collections.abc import Sequence

from crossvox.comparison.published import PublishedTable
from crossvox.comparison.table import Column, Panel, TableRow
from crossvox.report.formatting import MINUS
from crossvox.report.rows import Cell

COMMANDS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "<": r"$<$",
    ">": r"$>$",
    MINUS: "$-$",
    "…": r"\ldots{}",
}
SPECIAL_CHARACTERS = "&%$#_{}"


def latex_of(
    panels: Sequence[Panel],
    *,
    caption: str,
    notes: Sequence[str],
    published: PublishedTable | None = None,
) -> str:
    """Build a table float with one tabular per panel; it needs the package booktabs."""
    below = " ".join(["The best value of each column is bold.", *notes])
    parts = [
        "% needs \\usepackage{booktabs}",
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{escaped(f'{caption} {below}')}}}",
    ]
    for panel in panels:
        parts += [*_tabular(panel), r"\par\medskip"]
    if published is not None:
        note = escaped(f"{published.title}: {published.note}")
        parts += [rf"\textit{{{note}}}", r"\par\smallskip", *_published(published)]
    return "\n".join([*parts, r"\end{table}"]) + "\n"


def escaped(text: str) -> str:
    """Escape `text` so that LaTeX prints it unchanged."""
    return "".join(
        f"\\{letter}" if letter in SPECIAL_CHARACTERS else COMMANDS.get(letter, letter)
        for letter in text
    )


def _tabular(panel: Panel) -> list[str]:
    heads = [escaped("Method"), *(_head(column) for column in panel.columns)]
    units = ["", *(escaped(column.unit) for column in panel.columns)]
    return [
        rf"\begin{{tabular}}{{l{'r' * len(panel.columns)}}}",
        r"\toprule",
        _line(heads),
        _line(units),
        r"\midrule",
        *(line for row in panel.rows for line in _row(row)),
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _published(table: PublishedTable) -> list[str]:
    heads = [escaped(head) for head in table.columns]
    rows = [_line([escaped(cell) for cell in row]) for row in table.rows]
    return [
        rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}",
        *(r"\toprule", _line(heads), r"\midrule", *rows, r"\bottomrule"),
        r"\end{tabular}",
    ]


def _head(column: Column) -> str:
    return escaped(f"{column.title} {column.arrow}".strip())


def _row(row: TableRow) -> list[str]:
    values = _line([escaped(row.method), *map(_value, row.cells)])
    if not any(cell.span for cell in row.cells):
        return [values]
    spans = [rf"\scriptsize {escaped(cell.span)}" if cell.span else "" for cell in row.cells]
    return [values, _line(["", *spans])]


def _value(cell: Cell) -> str:
    return rf"\textbf{{{escaped(cell.value)}}}" if cell.best else escaped(cell.value)


def _line(cells: Sequence[str]) -> str:
    return rf"{' & '.join(cells)} \\"
