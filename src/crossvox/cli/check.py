"""crossvox check."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from crossvox import CaseCheck, CohortCheck, Finding

WIDTH_IN_A_FILE = 150


def check(data: Path, /, *, modalities: str | None = None, allow_synthetic: bool = False) -> None:
    """Say what a cohort holds and what is wrong with it.

    Reads every file, compares the volumes of each case with the first of its modalities, and
    lists cases left out, unreadable files, volumes that are there twice, pairs that are flipped,
    shifted, incomplete or of two people, masks that are empty or on another grid, and people in
    two splits. Ends with 2 where one of them is an error.

    Parameters
    ----------
    data
        A BIDS folder, a CSV or JSON manifest, or a folder with one folder per modality.
    modalities
        Separated by commas, the source first, such as FLAIR,T1w; those that every case has
        where absent.
    allow_synthetic
        Check synthesized volumes too, which are left out otherwise.
    """
    from rich.console import Console

    import crossvox

    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_IN_A_FILE)
    with crossvox.Bars() as bars:
        checked = crossvox.check(
            data, modalities=modalities, allow_synthetic=allow_synthetic, progress=bars
        )
    found = checked.check
    console.print(table_of_cases(found))
    if found.findings:
        console.print(table_of_findings(found.findings))
    if checked.left_out:
        console.print(table_of_left_out(checked.left_out))
    people = _count(checked.people, "person", "people")
    held = f"{_count(len(found.rows), 'case', 'cases')} of {people}"
    for line in (f"{held}: {_verdict(found)}", *checked.remarks):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if found.error_count:
        raise crossvox.CohortError(f"{data}: {_verdict(found)}; mend the cases or leave them out")


def table_of_cases(found: "CohortCheck") -> "Table":
    """One line for each volume: grid, intensities, and how it fits to the first of its case."""
    from rich.table import Table

    table = Table(title="What was found", title_justify="left")
    for name in ("case", "split", "modality", "grid", "least, median, most"):
        table.add_column(name)
    for name in ("NMI", "shift mm", "missing"):
        table.add_column(name, justify="right")
    for row in found.rows:
        for line, modality in enumerate(found.modalities):
            first = line == 0
            table.add_row(
                row.name if first else "",
                (row.split or "") if first else "",
                modality,
                *_volume_cells(row, modality),
                *_pair_cells(row, modality),
            )
    return table


def table_of_findings(findings: "Sequence[Finding]") -> "Table":
    """One line for each finding."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="What is wrong", title_justify="left")
    for name in ("", "case", "problem", "what to do"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        # A path may hold brackets, which rich would take for its own.
        cells = (finding.severity, finding.case, finding.problem, finding.remedy)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def table_of_left_out(left_out: "Mapping[str, str]") -> "Table":
    """One line for each case that is not checked."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="What is left out", title_justify="left")
    for name in ("case", "why"):
        table.add_column(name, overflow="fold")
    for name, why in left_out.items():
        table.add_row(escape(name), escape(why))
    return table


def _volume_cells(row: "CaseCheck", modality: str) -> tuple[str, str]:
    if modality not in row.grids:
        return "unreadable", ""
    seen = row.ranges[modality]
    return str(row.grids[modality]), f"{seen.least:.4g}, {seen.median:.4g}, {seen.most:.4g}"


def _pair_cells(row: "CaseCheck", modality: str) -> tuple[str, str, str]:
    for pair in row.pairs:
        if pair.modality == modality:
            return f"{pair.nmi:.3f}", f"{pair.distance_mm:.1f}", f"{pair.missing:.1%}"
    return "", "", ""


def _verdict(found: "CohortCheck") -> str:
    if not found.findings:
        return "nothing is wrong"
    errors = found.error_count
    warnings = len(found.findings) - errors
    return f"{_count(errors, 'error', 'errors')}, {_count(warnings, 'warning', 'warnings')}"


def _count(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
