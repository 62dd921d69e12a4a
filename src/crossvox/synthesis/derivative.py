"""A BIDS derivative: the folder that volumes synthesized from a BIDS study go to."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossvox.cohort import Case
from crossvox.errors import CohortError
from crossvox.files import NOTICE, write_atomically
from crossvox.version import __version__

DATASET = "dataset_description.json"


def is_bids_cohort(cases: Sequence[Case]) -> bool:
    """Whether cases come from a BIDS study, so that what is made of them is a derivative."""
    return any(case.folder.parts and case.folder.parts[0].startswith("sub-") for case in cases)


def refuse_study(out: Path, cases: Sequence[Case]) -> None:
    """Refuse to write derivatives between the files of a study.

    Raises:
        CohortError: `out` says that it is something else than a derivative, or says nothing and
            holds the cases' own files.
    """
    elsewhere = f"give {out / 'derivatives' / 'crossvox'}"
    if os.path.lexists(out / DATASET):
        if _dataset_type(out / DATASET) != "derivative":
            raise CohortError(f"{out} is a study, not a BIDS derivative ({DATASET}); {elsewhere}")
        return
    for case in cases:
        for file in case.images.values():
            if file.resolve().is_relative_to((out / case.folder).resolve()):
                raise CohortError(f"{out} holds the sources, such as {file.name}; {elsewhere}")


def describe_derivative(out: Path) -> None:
    """Say in `out` that it is a BIDS derivative, unless it is said already."""
    if os.path.lexists(out / DATASET):
        return
    text = {
        "Name": "Volumes synthesized by crossvox",
        "BIDSVersion": "1.9.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "crossvox", "Version": __version__, "Description": NOTICE}],
    }
    write_atomically(out / DATASET, json.dumps(text, indent=2).encode())


def _dataset_type(path: Path) -> str:
    """BIDS calls a study without this field raw."""
    try:
        said: Any = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return ""
    return str(said.get("DatasetType", "raw")) if isinstance(said, dict) else ""
