"""BIDS derivatives: the folders for volumes synthesized from a BIDS study."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossvox.cohort import Case
from crossvox.errors import CohortError
from crossvox.files import NOTICE, write_atomically
from crossvox.version import __version__

DATASET = "dataset_description.json"  # file name that BIDS prescribes


def is_bids_cohort(cases: Sequence[Case]) -> bool:
    """Whether cases come from a BIDS study, so that their synthesized volumes are a derivative."""
    return any(case.folder.parts and case.folder.parts[0].startswith("sub-") for case in cases)


def refuse_study(out: Path, cases: Sequence[Case]) -> None:
    """Refuse to write derivatives among the files of a study.

    Raises:
        CohortError: The dataset description in `out` is not that of a derivative, or there is
            none and `out` holds the cases' own files.
    """
    advice = f"give {out / 'derivatives' / 'crossvox'} instead"
    if os.path.lexists(out / DATASET):
        if _dataset_type(out / DATASET) != "derivative":
            raise CohortError(f"{out} is a study, not a BIDS derivative ({DATASET}); {advice}")
        return
    for case in cases:
        for file in case.images.values():
            if file.resolve().is_relative_to((out / case.folder).resolve()):
                raise CohortError(f"{out} holds the sources, such as {file.name}; {advice}")


def describe_derivative(out: Path) -> None:
    """Write the dataset description of a BIDS derivative to `out`, unless there is one."""
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
    """Type of a BIDS dataset: "raw" where the field is missing, empty if the file is unreadable."""
    try:
        description: Any = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return ""
    return str(description.get("DatasetType", "raw")) if isinstance(description, dict) else ""
