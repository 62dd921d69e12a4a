"""Reader of manifests: CSV, TSV or JSON tables with one case per row."""

import json
from collections.abc import Mapping
from pathlib import Path

from crossvox.cohort.case import Case
from crossvox.cohort.layout import CohortLayout
from crossvox.cohort.names import safe_name
from crossvox.cohort.split import parse_split
from crossvox.errors import CohortError
from crossvox.files.tables import read_csv

MANIFEST_SUFFIXES = (".csv", ".tsv", ".json")
# Every other column is a modality.
RESERVED_COLUMNS = frozenset({"subject", "session", "mask", "split"})


def read_manifest(path: Path) -> CohortLayout:
    """Read the cases listed in a table; relative paths are resolved against its folder.

    Columns: subject, one per modality, and optionally mask, split and session. JSON is a list of
    objects with the same keys. An empty cell means that the case has no such file or value.

    Raises:
        CohortError: The table is empty, a row has no subject, or a file does not exist.
        FileError: The table is not CSV in UTF-8.
    """
    rows = _json_rows(path) if path.suffix.lower() == ".json" else _table_rows(path)
    cases = [_case(row, path, number=number) for number, row in enumerate(rows, start=1)]
    return CohortLayout(cases=cases, held={case.name: frozenset(case.images) for case in cases})


def _json_rows(path: Path) -> list[Mapping[str, str]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CohortError(f"{path}: not JSON ({error}); correct its syntax") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CohortError(f"{path}: must be a list of objects with the keys subject, FLAIR, …")
    return [
        {str(key): "" if value is None else str(value) for key, value in row.items()}
        for row in rows
    ]


def _table_rows(path: Path) -> list[Mapping[str, str]]:
    # In some locales, spreadsheets separate CSV columns with semicolons.
    rows = read_csv(path, delimiters="\t,;")
    if not path.stat().st_size:
        raise CohortError(f"{path}: empty; the first line must name the columns subject, FLAIR, …")
    return [{key.strip(): value.strip() for key, value in row.items() if key} for row in rows]


def _case(row: Mapping[str, str], path: Path, *, number: int) -> Case:
    origin = f"{path}, row {number}"
    if not row.get("subject"):
        raise CohortError(f"{origin}: has no subject; fill in the column 'subject'")
    subject = safe_name(row["subject"], origin=origin)
    session = row.get("session", "")
    name = f"{subject}_ses-{session.removeprefix('ses-')}" if session else subject
    return Case(
        subject=subject,
        name=safe_name(name, origin=origin),
        images={
            modality: _file(value, path, origin=origin)
            for modality, value in row.items()
            if modality not in RESERVED_COLUMNS and value
        },
        mask=_file(row["mask"], path, origin=origin) if row.get("mask") else None,
        split=parse_split(row.get("split"), origin=origin),
    )


def _file(value: str, manifest: Path, *, origin: str) -> Path:
    file = manifest.parent / value
    if not file.is_file():
        raise CohortError(
            f"{origin}: there is no file {file}; relative paths are resolved against the folder of"
            " the table"
        )
    return file
