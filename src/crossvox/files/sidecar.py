"""The JSON file beside a volume, and the notice that marks a synthesized one."""

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
    """The JSON file that belongs to a volume."""
    return path.with_name(f"{stem_of(path)}.json")


def read_sidecar(path: Path) -> dict[str, Any]:
    """Contents of the sidecar of the volume `path`; empty if it is missing or no JSON object."""
    try:
        contents = json.loads(sidecar_of(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return contents if isinstance(contents, dict) else {}


def is_synthetic(path: Path) -> bool:
    """Whether the volume `path` carries our notice, in its sidecar or in its NIfTI header.

    The header keeps the notice where a volume is copied or renamed without its sidecar. A file
    that cannot be read is not called synthetic; reading it will be refused anyway.
    """
    return read_sidecar(path).get("Notice") == NOTICE or is_marked(path)


def is_marked(path: Path) -> bool:
    """Whether the NIfTI header of the volume `path` carries our notice, whatever lies beside it."""
    try:
        # Whoever reads the volume hears the warnings; here they would come a second time.
        with (
            warnings.catch_warnings(action="ignore", category=FileWarning),
            open_contents(path) as contents,
        ):
            start = contents.take(LARGEST_HEADER)
    except CrossvoxError:
        return False
    return nifti_byte_order(start) is not None and NOTICE in nifti_description(start)
