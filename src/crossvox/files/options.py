"""Options for reading a file that leaves a choice open."""

from dataclasses import dataclass
from typing import Literal

from crossvox.files.machine_memory import available_memory_bytes

FLOAT32_BYTES = 4
FLOAT32_COPIES = 10  # of a volume in memory at once, from reading a source to writing the result
SHARE_OF_FREE_MEMORY = 0.5


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """Options for reading a file.

    Attributes:
        prefer: Affine to use where sform and qform disagree; such files are refused if None.
        max_voxels: Largest number of voxels that a volume may have; if None, limited
            so that ten float32 copies fit in half of the free memory.
        volume_index: Index of the volume in a 4D file, counted from 0; such files are refused if
            None.
    """

    prefer: Literal["sform", "qform"] | None = None
    max_voxels: int | None = None
    volume_index: int | None = None

    def voxel_limit(self) -> int:
        """Largest number of voxels that a volume may have now."""
        if self.max_voxels is not None:
            return self.max_voxels
        usable_bytes = int(available_memory_bytes() * SHARE_OF_FREE_MEMORY)
        return usable_bytes // (FLOAT32_BYTES * FLOAT32_COPIES)
