"""What the user may decide about a file that leaves a choice open."""

from dataclasses import dataclass
from typing import Literal

import psutil

FLOAT32_BYTES = 4
SHARE_OF_FREE_MEMORY = 0.5


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """Choices at reading.

    Attributes:
        prefer: Which affine counts where sform and qform disagree; refused where absent.
        max_voxels: Largest volume that is read; as many voxels as fit in half of the free
            memory as float32 where absent.
        volume_index: Which volume of a 4D file, from 0; refused where absent.
    """

    prefer: Literal["sform", "qform"] | None = None
    max_voxels: int | None = None
    volume_index: int | None = None

    def voxel_limit(self) -> int:
        """How many voxels a volume may have now."""
        if self.max_voxels is not None:
            return self.max_voxels
        return int(psutil.virtual_memory().available * SHARE_OF_FREE_MEMORY) // FLOAT32_BYTES
