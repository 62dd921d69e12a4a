"""Volume files: checked reading, and writing that leaves no partial files."""

from crossvox.files.atomic import replacing, write_atomically, write_together
from crossvox.files.encoding import encode_volume, write_volume
from crossvox.files.fingerprint import sha256_of
from crossvox.files.formats import (
    VOLUME_SUFFIXES,
    is_volume,
    read_grid,
    read_mask,
    read_volume,
    stem_of,
)
from crossvox.files.options import ReadOptions
from crossvox.files.sidecar import NOTICE, is_marked, is_synthetic, read_sidecar, sidecar_of

__all__ = [
    "NOTICE",
    "VOLUME_SUFFIXES",
    "ReadOptions",
    "encode_volume",
    "is_marked",
    "is_synthetic",
    "is_volume",
    "read_grid",
    "read_mask",
    "read_sidecar",
    "read_volume",
    "replacing",
    "sha256_of",
    "sidecar_of",
    "stem_of",
    "write_atomically",
    "write_together",
    "write_volume",
]
