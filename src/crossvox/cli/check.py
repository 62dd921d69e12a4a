"""The command `crossvox check`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from crossvox import CaseCheck, CohortCheck, Finding

REDIRECTED_WIDTH = 150  # characters, where the output is not a terminal


def check(data: Path, /, *, modalities: str | None = None, allow_synthetic: bool = False) -> None:
    """List the cases of a cohort and the problems found in them.

    Reads every file, compares the volumes of each case with the first of its modalities, and
    lists cases left out, unreadable files, duplicate volumes, pairs that are flipped, shifted,
    incomplete or of two different people, masks that are empty or on another grid, and people in
    two splits. Exits with code 2 if any of these is an error.

    Parameters
    ----------
    data
        BIDS folder, CSV or JSON manifest, or folder with one folder per modality.
    modalities
        Modalities to check, separated by commas, the source first, such as FLAIR,T1w (default:
        those that every case has).
    allow_synthetic
        Also check synthesized volumes, which are left out by default.
    """
    from rich.console import Console

    import crossvox

    console = Console()
    if not console.is_terminal:
        console = Console(width=REDIRECTED_WIDTH)
    with crossvox.Bars() as bars:
        cohort = crossvox.check(
            data, modalities=modalities, allow_synthetic=allow_synthetic, progress=bars
        )
    result = cohort.check
    console.print(table_of_cases(result))
    if result.findings:
        console.print(table_of_findings(result.findings))
    if cohort.left_out:
        console.print(table_of_left_out(cohort.left_out))
    people = _count(cohort.people, "person", "people")
    cases = f"{_count(len(result.rows), 'case', 'cases')} of {people}"
    for line in (f"{cases}: {_verdict(result)}", *cohort.remarks):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if result.error_count:
        raise crossvox.CohortError(f"{data}: {_verdict(result)}; fix the cases or leave them out")


def table_of_cases(result: "CohortCheck") -> "Table":
    """Table of all volumes: grid, intensities, and agreement with the case's first volume."""
    from rich.table import Table

    table = Table(title="Volumes", title_justify="left")
    for name in ("case", "split", "modality", "grid", "min, median, max"):
        table.add_column(name)
    for name in ("NMI", "shift mm", "missing"):
        table.add_column(name, justify="right")
    for row in result.rows:
        for line, modality in enumerate(result.modalities):
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
    """Table of the findings, one per line."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Problems", title_justify="left")
    for name in ("", "case", "problem", "what to do"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        # rich would read brackets in a path as markup.
        cells = (finding.severity, finding.case, finding.problem, finding.remedy)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def table_of_left_out(left_out: "Mapping[str, str]") -> "Table":
    """Table of the cases that are not checked, one per line."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Cases left out", title_justify="left")
    for name in ("case", "reason"):
        table.add_column(name, overflow="fold")
    for name, reason in left_out.items():
        table.add_row(escape(name), escape(reason))
    return table


def _volume_cells(row: "CaseCheck", modality: str) -> tuple[str, str]:
    if modality not in row.grids:
        return "unreadable", ""
    span = row.ranges[modality]
    return str(row.grids[modality]), f"{span.minimum:.4g}, {span.median:.4g}, {span.maximum:.4g}"


def _pair_cells(row: "CaseCheck", modality: str) -> tuple[str, str, str]:
    for pair in row.pairs:
        if pair.modality == modality:
            return f"{pair.nmi:.3f}", f"{pair.distance_mm:.1f}", f"{pair.missing:.1%}"
    return "", "", ""


def _verdict(result: "CohortCheck") -> str:
    if not result.findings:
        return "nothing is wrong"
    errors = result.error_count
    warnings = len(result.findings) - errors
    return f"{_count(errors, 'error', 'errors')}, {_count(warnings, 'warning', 'warnings')}"


def _count(count: int, singular: str, plural: str) -> str:
    return f"{count} {singular if count == 1 else plural}"
