"""Definition of a benchmark variant: one way to do the work that all variants share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from crossvox.errors import SettingsError
from crossvox.synthesis.windows import Sizes
from crossvox.variants.cost import Cost

SEED = 0
OURS, CEILING = "ours", "ceiling"  # groups: crossvox itself, upper bounds of the machine


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Settings shared by all variants of a benchmark.

    Attributes:
        sizes: Size of the volume to predict or of the patch to train on, in voxels.
        width: Channels of the generator's first level.
        threads: Number of threads of each process; processes work one at a time.
        discriminator_width: Channels of the discriminator's first level.
        window: Size of a window in voxels, for variants that use windows.
        convolution_side: Side of the volume in voxels for the convolutions that bound the speed.

    Raises:
        SettingsError: A value is below 1.
    """

    sizes: Sizes
    width: int = 16
    threads: int
    discriminator_width: int = 64
    window: Sizes = (96, 96, 48)
    convolution_side: int = 100

    def __post_init__(self) -> None:
        for name in ("width", "threads", "discriminator_width", "convolution_side"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)}")
        if min(*self.sizes, *self.window) < 1:
            raise SettingsError(
                f"sizes and window must be at least 1, got {self.sizes} and {self.window}"
            )


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """How a network is run, independent of the network and the allocator.

    Attributes:
        extent: Part of the volume that one forward pass processes.
        overlap: Fraction of a window that its neighbor also covers, in [0, 1).
        precision: Precision of convolutions; "fast" is bfloat16 if the hardware multiplies it
            faster than float32, otherwise float32.
        order: Memory order of weights and activations.
    """

    extent: Literal["whole", "windows", "slices", "patch"] = "whole"
    overlap: float = 0.0
    precision: Literal["float32", "fast"] = "float32"
    order: Literal["contiguous", "channels last"] = "contiguous"

    def in_words(self, *, fast: str) -> str:
        """Describe the treatment for a table.

        Args:
            fast: Precision that "fast" stands for on this machine.
        """
        overlap = f" overlapping by {self.overlap:g}" if self.extent == "windows" else ""
        return f"{self.extent}{overlap}, {self.precision_in_words(fast=fast)}, {self.order}"

    def precision_in_words(self, *, fast: str) -> str:
        """Name the precision, with "fast" replaced by the precision it stands for."""
        return fast if self.precision == "fast" else self.precision


AS_OURS = Treatment(precision="fast", order="channels last")
AS_TORCH = Treatment()

Work = Callable[[], object]  # one volume, one denoising step, or one training step
Load = Callable[[Setting], Work]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A way to do the work, as measured by a benchmark.

    Attributes:
        name: Name in tables, with the precision and other differences.
        group: Group that --against selects; variants of "ours" are always measured.
        load: Module-level function that prepares the work, once, in a separate process.
        pages: Whether glibc keeps freed memory or returns it, as it does by default.
        products: Numbers of passes per volume to report, if the work is one pass.
        treatment: Extent, precision and memory order of the network.
        cost: Function that counts the operations of one call of the work, and the parameters.
    """

    name: str
    group: str
    load: Load
    pages: Literal["kept", "returned"]
    products: tuple[int, ...] = ()
    treatment: Treatment = AS_TORCH
    cost: Callable[[Setting], Cost] | None = None


def random_volume(setting: Setting) -> Tensor:
    """Create reproducible noise (1, 1, X, Y, Z) in [-1, 1]."""
    generator = torch.Generator().manual_seed(SEED)
    return torch.rand(1, 1, *setting.sizes, generator=generator).mul_(2).sub_(1)
