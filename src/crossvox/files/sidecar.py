"""JSON sidecars of volumes, and the notice that marks synthesized volumes."""

import json
import warnings
from pathlib import Path
from typing import Any

from crossvox.errors import CrossvoxError, FileWarning
from crossvox.files.contents import open_contents
from crossvox.files.formats import stem_of
from crossvox.files.nifti import LARGEST_HEADER, nifti_byte_order, nifti_description

NOTICE = "Synthetic, not for diagnosis"


def sidecar_of(path: Path) -> Path:
    """Path of the JSON sidecar of the volume `path`."""
    return path.with_name(f"{stem_of(path)}.json")


def read_sidecar(path: Path) -> dict[str, Any]:
    """Contents of the sidecar of the volume `path`; empty if missing or not a JSON object."""
    try:
        contents = json.loads(sidecar_of(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return contents if isinstance(contents, dict) else {}


def is_synthetic(path: Path) -> bool:
    """Whether the volume `path` carries our notice, in its sidecar or in its NIfTI header.

    The header keeps the notice when a volume is copied or renamed without its sidecar. An
    unreadable file does not count as synthetic; reading it will be refused anyway.
    """
    return read_sidecar(path).get("Notice") == NOTICE or is_marked(path)


def is_marked(path: Path) -> bool:
    """Whether the NIfTI header of the volume `path` carries our notice; sidecars do not count."""
    try:
        # Reading the volume gives the same warnings; here they would be repeated.
        with (
            warnings.catch_warnings(action="ignore", category=FileWarning),
            open_contents(path) as contents,
        ):
            start = contents.take(LARGEST_HEADER)
    except CrossvoxError:
        return False
    return nifti_byte_order(start) is not None and NOTICE in nifti_description(start)
