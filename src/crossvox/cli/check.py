"""crossvox check."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from crossvox.cohort import Case, Reading
    from crossvox.cohort.reading import Synthesized
    from crossvox.screening import CaseCheck, CohortCheck, Finding

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

    from crossvox.cli.screen import Screen
    from crossvox.errors import CohortError
    from crossvox.screening import check_cohort

    reading = _read(data, modalities, synthesized="taken" if allow_synthetic else "left out")
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_IN_A_FILE)
    with Screen() as screen:
        found = check_cohort(
            reading.cases,
            modalities=reading.modalities,
            progress=screen,
        )
    console.print(table_of_cases(found))
    if found.findings:
        console.print(table_of_findings(found.findings))
    if reading.left_out:
        console.print(table_of_left_out(reading.left_out))
    people = _count(len({case.subject for case in reading.cases}), "person", "people")
    held = f"{_count(len(reading.cases), 'case', 'cases')} of {people}"
    for line in (f"{held}: {_verdict(found)}", *reading.remarks):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if found.error_count:
        raise CohortError(f"{data}: {_verdict(found)}; mend the cases or leave them out")


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


def _read(data: Path, modalities: str | None, *, synthesized: "Synthesized") -> "Reading":
    """The cohort with the named modalities, or those that every case has."""
    from crossvox.cohort import survey_cohort

    if modalities:
        names = [name.strip() for name in modalities.split(",") if name.strip()]
        return survey_cohort(data, modalities=names, synthesized=synthesized)
    everything = survey_cohort(data, synthesized=synthesized)
    shared, others = _shared(everything.cases)
    reading = survey_cohort(data, modalities=shared, synthesized=synthesized)
    unchecked = [
        f"{name} is not checked, only {count} of {len(everything.cases)} cases have it;"
        f" --modalities {','.join([*shared, name])} checks them"
        for name, count in others.items()
    ]
    return replace(reading, notes=(*everything.notes, *unchecked))


def _shared(cases: "Sequence[Case]") -> tuple[list[str], dict[str, int]]:
    """The modalities that every case has, and how many have each of the others."""
    from crossvox.errors import CohortError

    held = Counter(name for case in cases for name in case.images)
    shared = sorted(name for name, count in held.items() if count == len(cases))
    if not shared:
        raise CohortError("no modality is in every case; name some: --modalities FLAIR,T1w")
    return shared, {name: held[name] for name in sorted(held) if name not in shared}


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
