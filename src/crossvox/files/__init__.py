"""Volume files: read with every doubt settled, written whole."""

from crossvox.files.atomic import replacing, write_atomically
from crossvox.files.encoding import write_volume
from crossvox.files.formats import (
    VOLUME_SUFFIXES,
    is_volume,
    read_grid,
    read_mask,
    read_volume,
    stem_of,
)
from crossvox.files.options import ReadOptions

__all__ = [
    "VOLUME_SUFFIXES",
    "ReadOptions",
    "is_volume",
    "read_grid",
    "read_mask",
    "read_volume",
    "replacing",
    "stem_of",
    "write_atomically",
    "write_volume",
]
