"""The product: volumes of the source modalities to a volume of the target modality."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from crossvox.acceleration.compute import (
    Compute,
    compute_at_hand,
    free_memory_bytes,
    is_out_of_memory,
    keep_pages,
    resident_bytes,
)
from crossvox.acceleration.fusion import fused
from crossvox.acceleration.memory import peak_bytes
from crossvox.acceleration.rewriting import optimized
from crossvox.acceleration.slabs import SlabbedUNet, Thickness, normalizes_over_volumes, slabs_of
from crossvox.contract import Noise, SynthesisMethod
from crossvox.errors import ResourceError, SettingsError
from crossvox.networks.noise import normal_noise
from crossvox.preparation.preparation import Preparation
from crossvox.synthesis.windows import Sizes, synthesize_in_windows
from crossvox.volume.volume import Volume

MEMORY_SHARE = 0.8  # of what is free: the rest is for volumes being read, restored and written
SMALLEST_WINDOW = 64
MOST_BEYOND = 1.1  # of the patch: padding to multiples goes as far
SLABS: tuple[Thickness, ...] = (None, 32, 8)  # as few as memory asks for


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """Sources on their way through the network.

    Attributes:
        tensor: (1, C, X, Y, Z) at network scale, on the working grid.
        working: The first of them there.
        source: The first as it was read.
    """

    tensor: Tensor
    working: Volume
    source: Volume


@dataclass(eq=False)
class Synthesizer:
    """A trained method with the preparation it was trained under.

    Attributes:
        preparation: How volumes reach its scale and return.
        method: As trained; what serves is a copy, rewritten once for speed.
        compute: Where and how it runs.
        window: Sizes of prediction windows on the working grid; chosen by the network and by
            memory where None.
        seed: Of what a stochastic method draws; equal seeds, equal volumes.
        patch: What the networks learned from. One that normalizes over all voxels sees no more
            than that at once, or its statistics would not be those it knows (decision 0017).

    Raises:
        SettingsError: A window has a size below 1.
    """

    engine: ClassVar[str] = "torch"
    preparation: Preparation
    method: SynthesisMethod
    compute: Compute = field(default_factory=compute_at_hand)
    window: Sizes | None = None
    seed: int = 0
    patch: Sizes | None = None
    _fast: SynthesisMethod = field(init=False, repr=False)
    _alive: dict[tuple[Sizes, Thickness], int] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.window and min(self.window) < 1:
            raise SettingsError(f"a window has three sizes of at least 1, got {self.window}")
        keep_pages()
        self._fast = fused(optimized(self.method, self.compute), self.compute)

    def __call__(self, sources: Sequence[Volume]) -> Volume:
        """The synthesized target on the first source's own grid, in the target's unit.

        Args:
            sources: One volume for each source modality, in the preparation's order.

        Raises:
            SettingsError: The number of volumes is not the number of source modalities.
            ResourceError: Not even a small window fits in memory.
        """
        prepared = self.prepare(sources)
        return self.restore(self.synthesize(prepared.tensor), prepared)

    def prepare(self, sources: Sequence[Volume]) -> Prepared:
        """The sources at network scale.

        Raises:
            SettingsError: The number of volumes is not the number of source modalities.
        """
        volumes = self.preparation.prepare_sources(sources)
        tensor = torch.from_numpy(np.stack([volume.voxels for volume in volumes]))[None]
        return Prepared(tensor=tensor, working=volumes[0], source=sources[0])

    def restore(self, synthesized: Tensor, prepared: Prepared) -> Volume:
        """What was synthesized of `prepared`, on the source's own grid, in the target's unit."""
        working = prepared.working.with_voxels(synthesized[0, 0].numpy())
        return self.preparation.restore(working, source=prepared.source)

    def memory_bytes(self, sizes: Sizes, *, slab: Thickness = None) -> int:
        """Memory that synthesizing `sizes` voxels at once takes, beside the weights."""
        channels = len(self.preparation.source_modalities)

        def work() -> Tensor:
            noise = normal_noise((1, 1, *sizes), seed=self.seed)
            source = torch.empty(1, channels, *sizes, device=self.compute.device)
            return self._fast.synthesize(source, noise=noise)

        if (sizes, slab) not in self._alive:
            with torch.inference_mode(), slabs_of(self._fast, slab):
                self._alive[sizes, slab] = peak_bytes(work)
        return resident_bytes(self._alive[sizes, slab], device=self.compute.device)

    @torch.inference_mode()
    def synthesize(self, source: Tensor) -> Tensor:
        """(1, 1, X, Y, Z) float32 on the CPU of a prepared source (1, C, X, Y, Z).

        The whole volume at once where it fits in memory, else its levels in slabs, which give the
        same, else in overlapping windows.

        Raises:
            ResourceError: Not even a small window fits in memory.
        """
        sizes: Sizes = (source.shape[2], source.shape[3], source.shape[4])
        slab, window = self.fitting(sizes) if self.window is None else (None, self.window)
        while True:
            try:
                with slabs_of(self._fast, slab):
                    return self._in_windows(source, sizes, window)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                window = self._smaller(window)

    def fitting(self, sizes: Sizes) -> tuple[Thickness, Sizes]:
        """How `sizes` voxels fit in memory: slabs, None for the whole, and the window.

        Raises:
            ResourceError: Not even a small window fits.
        """
        room = MEMORY_SHARE * free_memory_bytes(self.compute.device)
        known = self._known(sizes)
        if known != sizes:
            return None, self._halved_to(room, known)
        for slab in SLABS if self._takes_slabs else SLABS[:1]:
            if self.memory_bytes(sizes, slab=slab) <= room:
                return slab, sizes
        return None, self._halved_to(room, self._smaller(sizes))

    def _known(self, sizes: Sizes) -> Sizes:
        """What the networks may see of `sizes` at once, by what they learned from."""
        divides = normalizes_over_volumes(self._fast.modules()) or not self._fast.fixed_statistics
        if self.patch is None or not divides:
            return sizes
        if all(size <= MOST_BEYOND * seen for size, seen in zip(sizes, self.patch, strict=True)):
            return sizes
        x, y, z = map(min, sizes, self.patch)
        return x, y, z

    def _halved_to(self, room: float, window: Sizes) -> Sizes:
        while self.memory_bytes(window) > room:
            window = self._smaller(window)
        return window

    @property
    def _takes_slabs(self) -> bool:
        return any(isinstance(one, SlabbedUNet) and one.takes_slabs for one in self._fast.modules())

    def _smaller(self, window: Sizes) -> Sizes:
        halved = list(window)
        longest = int(np.argmax(halved))
        halved[longest] = -(-halved[longest] // 2)
        if max(halved) < SMALLEST_WINDOW:
            free = free_memory_bytes(self.compute.device) / 2**30
            raise ResourceError(
                f"{free:.1f} GiB of free memory hold no window of {SMALLEST_WINDOW} voxels a side;"
                " free some, or use a smaller network"
            )
        return halved[0], halved[1], halved[2]

    def _in_windows(self, source: Tensor, sizes: Sizes, window: Sizes) -> Tensor:
        noise = normal_noise((1, 1, *sizes), seed=self.seed)
        if window == sizes:
            return self._forward(source, noise).cpu()
        return synthesize_in_windows(self._forward, source, noise=noise, window=window)

    def _forward(self, source: Tensor, noise: Noise) -> Tensor:
        device = self.compute.device
        near = source.to(device, memory_format=torch.channels_last_3d)
        return self._fast.synthesize(near, noise=noise).float()
