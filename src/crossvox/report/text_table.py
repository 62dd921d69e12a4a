"""A plain text table for terminals and notebooks."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """Rows of cells under a title; the second line of a cell shows its interval or unit.

    Attributes:
        title: Caption above the table.
        columns: Header of each column.
        rows: Cells of each row.
    """

    title: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        """Table in aligned columns, the first left-aligned, the others right-aligned."""
        lines = [self.columns]
        for row in self.rows:
            parts = [cell.split("\n") for cell in row]
            height = max(map(len, parts))
            lines += [
                tuple(part[line] if line < len(part) else "" for part in parts)
                for line in range(height)
            ]
        widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
        return "\n".join([self.title, *(_aligned(line, widths) for line in lines)])


NO_TABLE = TextTable()


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *others = (
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "   ".join([first, *others]).rstrip()
