"""A cohort as a table: one row a case, in CSV, TSV or JSON."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

from crossvox.cohort.case import Case
from crossvox.cohort.layout import Found
from crossvox.cohort.names import safe_name
from crossvox.cohort.split import parse_split
from crossvox.errors import CohortError

MANIFEST_SUFFIXES = (".csv", ".tsv", ".json")
# Every other column is a modality.
RESERVED = frozenset({"subject", "session", "mask", "split"})


def read_manifest(path: Path) -> Found:
    """The cases that a table lists; paths are relative to it.

    Columns: subject, one per modality; if wanted mask, split, session. JSON is a list of
    objects with the same keys. An empty cell means that there is none.

    Raises:
        CohortError: The table cannot be read, or a row lacks its subject or a file.
    """
    rows = _json_rows(path) if path.suffix.lower() == ".json" else _table_rows(path)
    cases = [_case(row, path, number=number) for number, row in enumerate(rows, start=1)]
    return Found(cases=cases, held={case.name: frozenset(case.images) for case in cases})


def _json_rows(path: Path) -> list[Mapping[str, str]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CohortError(f"{path}: not JSON ({error})") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CohortError(f"{path}: must be a list of objects with the keys subject, FLAIR, …")
    return [{str(key): str(value or "") for key, value in row.items()} for row in rows]


def _table_rows(path: Path) -> list[Mapping[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CohortError(f"{path}: not text in UTF-8; export the table again") from error
    if not lines:
        raise CohortError(f"{path}: empty; the first line names the columns subject, FLAIR, …")
    # Spreadsheets of some countries write semicolons.
    delimiter = max("\t,;", key=lines[0].count)
    table = csv.DictReader(lines, delimiter=delimiter, restkey="", restval="")
    return [{key.strip(): value.strip() for key, value in row.items() if key} for row in table]


def _case(row: Mapping[str, str], path: Path, *, number: int) -> Case:
    origin = f"{path}, row {number}"
    if not row.get("subject"):
        raise CohortError(f"{origin}: has no subject; name the person in the column 'subject'")
    subject = safe_name(row["subject"], origin=origin)
    session = row.get("session", "")
    name = f"{subject}_ses-{session.removeprefix('ses-')}" if session else subject
    return Case(
        subject=subject,
        name=safe_name(name, origin=origin),
        images={
            modality: _file(value, path, origin=origin)
            for modality, value in row.items()
            if modality not in RESERVED and value
        },
        mask=_file(row["mask"], path, origin=origin) if row.get("mask") else None,
        split=parse_split(row.get("split"), origin=origin),
    )


def _file(value: str, manifest: Path, *, origin: str) -> Path:
    file = manifest.parent / value
    if not file.is_file():
        raise CohortError(f"{origin}: there is no file {file}; paths are relative to the table")
    return file
