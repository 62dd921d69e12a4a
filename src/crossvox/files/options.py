"""What the user may decide about a file that leaves a choice open."""

from dataclasses import dataclass
from typing import Literal

from crossvox.files.machine_memory import available_memory_bytes

FLOAT32_BYTES = 4
COPIES = 10  # of a volume as float32 at once, from reading it to writing what is synthesized
SHARE_OF_FREE_MEMORY = 0.5


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """Choices at reading.

    Attributes:
        prefer: Which affine counts where sform and qform disagree; refused where absent.
        max_voxels: Largest volume that is read; where absent, as many voxels as half of the free
            memory holds with the float32 copies that preparing and writing take.
        volume_index: Which volume of a 4D file, from 0; refused where absent.
    """

    prefer: Literal["sform", "qform"] | None = None
    max_voxels: int | None = None
    volume_index: int | None = None

    def voxel_limit(self) -> int:
        """How many voxels a volume may have now."""
        if self.max_voxels is not None:
            return self.max_voxels
        room = int(available_memory_bytes() * SHARE_OF_FREE_MEMORY)
        return room // (FLOAT32_BYTES * COPIES)
