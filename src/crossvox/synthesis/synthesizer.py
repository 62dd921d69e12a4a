"""Synthesizer: from volumes of the source modalities to a volume of the target modality."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from crossvox.acceleration.compute import (
    Compute,
    choose_compute,
    free_memory_bytes,
    is_out_of_memory,
    keep_pages,
    resident_bytes,
)
from crossvox.acceleration.fusion import fused
from crossvox.acceleration.memory import peak_bytes
from crossvox.acceleration.rewriting import optimized
from crossvox.acceleration.slabs import SlabbedUNet, Thickness, normalizes_over_volumes, using_slabs
from crossvox.contract import Noise, SynthesisMethod
from crossvox.errors import ResourceError, SettingsError
from crossvox.networks.noise import normal_noise
from crossvox.preparation.preparation import Preparation
from crossvox.synthesis.windows import Sizes, synthesize_in_windows
from crossvox.volume.volume import Volume

MEMORY_SHARE = 0.8  # of free memory; the rest is for volumes being read, restored and written
SMALLEST_WINDOW = 64  # voxels along the longest side
LARGEST_OVER_PATCH = 1.1  # input size over patch size; padding to multiples reaches this
SLAB_THICKNESSES: tuple[Thickness, ...] = (None, 32, 8)  # voxels; tried in this order


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """Sources prepared for the network.

    Attributes:
        tensor: (1, C, X, Y, Z) at network scale, on the working grid.
        working: First source, prepared, on the working grid.
        source: First source as it was read, on its own grid.
    """

    tensor: Tensor
    working: Volume
    source: Volume


@dataclass(eq=False)
class Synthesizer:
    """A trained method together with the preparation it was trained with.

    Attributes:
        preparation: Preparation of volumes for the network, and their restoration.
        method: Trained method; inference runs on a copy that is optimized once.
        compute: Device and precision.
        window: Size of the prediction windows in voxels of the working grid; None lets network and
            memory decide.
        seed: Random seed of a stochastic method; equal seeds give equal volumes.
        patch: Size of the training patches in voxels. A network that normalizes over its whole
            input predicts in windows of this size, so that its statistics are those of training
            (decision 0017).

    Raises:
        SettingsError: A window has a size below 1.
    """

    engine: ClassVar[str] = "torch"
    preparation: Preparation
    method: SynthesisMethod
    compute: Compute = field(default_factory=choose_compute)
    window: Sizes | None = None
    seed: int = 0
    patch: Sizes | None = None
    _optimized: SynthesisMethod = field(init=False, repr=False)
    _peak_bytes: dict[tuple[Sizes, Thickness], int] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        if self.window and min(self.window) < 1:
            raise SettingsError(f"a window has three sizes of at least 1, got {self.window}")
        keep_pages()
        self._optimized = fused(optimized(self.method, self.compute), self.compute)

    def __call__(self, sources: Sequence[Volume]) -> Volume:
        """Synthesize the target on the first source's own grid, in the target's unit.

        Args:
            sources: One volume per source modality, in the order of the preparation.

        Raises:
            SettingsError: The number of volumes is not the number of source modalities.
            ResourceError: Not even a small window fits in memory.
        """
        prepared = self.prepare(sources)
        return self.restore(self.synthesize(prepared.tensor), prepared)

    def prepare(self, sources: Sequence[Volume]) -> Prepared:
        """Bring the sources to the working grid and the network scale.

        Raises:
            SettingsError: The number of volumes is not the number of source modalities.
        """
        volumes = self.preparation.prepare_sources(sources)
        tensor = torch.from_numpy(np.stack([volume.voxels for volume in volumes]))[None]
        return Prepared(tensor=tensor, working=volumes[0], source=sources[0])

    def restore(self, synthesized: Tensor, prepared: Prepared) -> Volume:
        """Bring a synthesized tensor back to the source's own grid and the target's unit."""
        working = prepared.working.with_voxels(synthesized[0, 0].numpy())
        return self.preparation.restore(working, source=prepared.source)

    def memory_bytes(self, sizes: Sizes, *, slab: Thickness = None) -> int:
        """Memory in bytes that inference on `sizes` voxels at once takes, without the weights."""
        channels = len(self.preparation.source_modalities)

        def work() -> Tensor:
            noise = normal_noise((1, 1, *sizes), seed=self.seed)
            source = torch.empty(1, channels, *sizes, device=self.compute.device)
            return self._optimized.synthesize(source, noise=noise)

        if (sizes, slab) not in self._peak_bytes:
            with torch.inference_mode(), using_slabs(self._optimized, slab):
                self._peak_bytes[sizes, slab] = peak_bytes(work)
        return resident_bytes(self._peak_bytes[sizes, slab], device=self.compute.device)

    @torch.inference_mode()
    def synthesize(self, source: Tensor) -> Tensor:
        """Synthesize (1, 1, X, Y, Z) float32 on the CPU from a prepared source (1, C, X, Y, Z).

        The whole volume runs at once if it fits in memory, else in slabs, with the same result,
        else in overlapping windows.

        Raises:
            ResourceError: Not even a small window fits in memory.
        """
        sizes: Sizes = (source.shape[2], source.shape[3], source.shape[4])
        slab, window = self.fitting(sizes) if self.window is None else (None, self.window)
        while True:
            try:
                with using_slabs(self._optimized, slab):
                    return self._in_windows(source, sizes, window)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                window = self._smaller(window)

    def fitting(self, sizes: Sizes) -> tuple[Thickness, Sizes]:
        """Thickness of slabs (None for no slabs) and size of windows with which `sizes` voxels fit.

        Raises:
            ResourceError: Not even a small window fits.
        """
        available = MEMORY_SHARE * free_memory_bytes(self.compute.device)
        largest = self._largest_input(sizes)
        if largest != sizes:
            return None, self._halved_to(available, largest)
        for slab in SLAB_THICKNESSES if self._takes_slabs else SLAB_THICKNESSES[:1]:
            if self.memory_bytes(sizes, slab=slab) <= available:
                return slab, sizes
        return None, self._halved_to(available, self._smaller(sizes))

    def _largest_input(self, sizes: Sizes) -> Sizes:
        """Largest part of `sizes` on which the networks may run at once, given their training."""
        depends_on_extent = (
            normalizes_over_volumes(self._optimized.modules())
            or not self._optimized.fixed_statistics
        )
        if self.patch is None or not depends_on_extent:
            return sizes
        pairs = zip(sizes, self.patch, strict=True)
        if all(size <= LARGEST_OVER_PATCH * trained for size, trained in pairs):
            return sizes
        x, y, z = map(min, sizes, self.patch)
        return x, y, z

    def _halved_to(self, available: float, window: Sizes) -> Sizes:
        while self.memory_bytes(window) > available:
            window = self._smaller(window)
        return window

    @property
    def _takes_slabs(self) -> bool:
        modules = self._optimized.modules()
        return any(isinstance(module, SlabbedUNet) and module.takes_slabs for module in modules)

    def _smaller(self, window: Sizes) -> Sizes:
        halved = list(window)
        longest = int(np.argmax(halved))
        halved[longest] = -(-halved[longest] // 2)
        if max(halved) < SMALLEST_WINDOW:
            free = free_memory_bytes(self.compute.device) / 2**30
            raise ResourceError(
                f"a window of {SMALLEST_WINDOW} voxels per side does not fit in {free:.1f} GiB of"
                " free memory; free some, or use a smaller network"
            )
        return halved[0], halved[1], halved[2]

    def _in_windows(self, source: Tensor, sizes: Sizes, window: Sizes) -> Tensor:
        noise = normal_noise((1, 1, *sizes), seed=self.seed)
        if window == sizes:
            return self._forward(source, noise).cpu()
        return synthesize_in_windows(self._forward, source, noise=noise, window=window)

    def _forward(self, source: Tensor, noise: Noise) -> Tensor:
        device = self.compute.device
        source = source.to(device, memory_format=torch.channels_last_3d)
        return self._optimized.synthesize(source, noise=noise).float()
