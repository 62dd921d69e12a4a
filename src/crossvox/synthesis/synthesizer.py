"""The product: volumes of the source modalities to a volume of the target modality."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from crossvox.contract import SynthesisMethod
from crossvox.errors import ResourceError
from crossvox.preparation.preparation import Preparation
from crossvox.synthesis.compute import (
    Compute,
    channels_last,
    compute_at_hand,
    free_memory_bytes,
    keep_pages,
)
from crossvox.synthesis.windows import Sizes, synthesize_in_windows
from crossvox.volume.volume import Volume

MEMORY_SHARE = 0.8  # of what is free: the rest is for volumes being read, restored and written
SMALLEST_WINDOW = 64


@dataclass(eq=False)
class Synthesizer:
    """A trained method with the preparation it was trained under.

    Attributes:
        preparation: How volumes reach its scale and return.
        method: In evaluation mode, on `compute.device`.
        compute: Where and how it runs.
        window: Sizes of prediction windows on the working grid; chosen by memory where None.
    """

    preparation: Preparation
    method: SynthesisMethod
    compute: Compute = field(default_factory=compute_at_hand)
    window: Sizes | None = None

    def __post_init__(self) -> None:
        keep_pages()
        self.method.eval().to(self.compute.device)
        channels_last(self.method)

    def __call__(self, sources: Sequence[Volume]) -> Volume:
        """The synthesized target on the first source's own grid, in the target's unit.

        Args:
            sources: One volume for each source modality, in the preparation's order.

        Raises:
            SettingsError: The number of volumes is not the number of source modalities.
            ResourceError: Not even a small window fits in memory.
        """
        prepared = self.preparation.prepare_sources(sources)
        tensor = torch.from_numpy(np.stack([volume.voxels for volume in prepared]))[None]
        synthesized = self.synthesize(tensor)[0, 0].numpy()
        return self.preparation.restore(prepared[0].with_voxels(synthesized), source=sources[0])

    def memory_bytes(self, sizes: Sizes) -> int:
        """Memory that synthesizing `sizes` voxels at once takes, roughly."""
        bytes_each = 2 if self.compute.bf16 else 4
        return round(math.prod(sizes) * self.method.features_per_voxel * bytes_each)

    @torch.inference_mode()
    def synthesize(self, source: Tensor) -> Tensor:
        """(1, 1, X, Y, Z) float32 on the CPU of a prepared source (1, C, X, Y, Z).

        The whole volume at once where it fits in memory, else in overlapping windows.

        Raises:
            ResourceError: Not even a small window fits in memory.
        """
        sizes: Sizes = (source.shape[2], source.shape[3], source.shape[4])
        window = self.window or self.largest_window(sizes)
        if window == sizes:
            return self._forward(source).cpu()
        return synthesize_in_windows(self._forward, source, window=window)

    def largest_window(self, sizes: Sizes) -> Sizes:
        """The whole of `sizes` where memory holds it, else half of it and so on.

        Raises:
            ResourceError: Not even a small window fits.
        """
        room = MEMORY_SHARE * free_memory_bytes(self.compute.device)
        window = list(sizes)
        while self.memory_bytes((window[0], window[1], window[2])) > room:
            longest = int(np.argmax(window))
            window[longest] = -(-window[longest] // 2)
            if max(window) < SMALLEST_WINDOW:
                raise ResourceError(
                    f"{room / 2**30:.1f} GiB of free memory hold no window of {SMALLEST_WINDOW}"
                    f" voxels a side; free some, or use a smaller network"
                )
        return window[0], window[1], window[2]

    def _forward(self, source: Tensor) -> Tensor:
        device = self.compute.device
        near = source.to(device, memory_format=torch.channels_last_3d)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=self.compute.bf16):
            synthesized = self.method.synthesize(near)
        return synthesized.float()
