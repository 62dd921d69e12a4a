"""What is measured: one way to do the work that all variants do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from crossvox.errors import SettingsError
from crossvox.synthesis.windows import Sizes
from crossvox.variants.cost import Cost

SEED = 0
OURS, CEILING = "ours", "ceiling"  # groups: what is measured itself, and what arithmetic allows


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the variants of one run share.

    Attributes:
        sizes: Voxels of the volume that is predicted, or of the patch that is learned from.
        width: Channels of the generator's first level.
        threads: Of each process; only one works at a time.
        discriminator_width: Channels of the discriminator's first level.
        window: Voxels of windows, where a variant has them.
        convolution_side: Voxels along each axis of the convolutions that say what is possible.

    Raises:
        SettingsError: One of them is below 1.
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
                raise SettingsError(f"{name} is at least 1, got {getattr(self, name)}")
        if min(*self.sizes, *self.window) < 1:
            raise SettingsError(f"sizes are at least 1, got {self.sizes} and {self.window}")


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """How a network is run, apart from the network and the allocator.

    Attributes:
        extent: What one pass of the network sees.
        overlap: Share of a window that its neighbor covers too, in [0, 1).
        precision: "fast" is what crossvox chooses on this machine: bfloat16 where the hardware
            multiplies it faster than float32, else float32.
        order: Memory order of weights and activations.
    """

    extent: Literal["whole", "windows", "slices", "patch"] = "whole"
    overlap: float = 0.0
    precision: Literal["float32", "fast"] = "float32"
    order: Literal["contiguous", "channels last"] = "contiguous"

    def in_words(self, *, fast: str) -> str:
        """The treatment for a table.

        Args:
            fast: The precision that "fast" is on this machine.
        """
        overlap = f" overlapping by {self.overlap:g}" if self.extent == "windows" else ""
        return f"{self.extent}{overlap}, {self.precision_in_words(fast=fast)}, {self.order}"

    def precision_in_words(self, *, fast: str) -> str:
        """The precision by its own name."""
        return fast if self.precision == "fast" else self.precision


AS_OURS = Treatment(precision="fast", order="channels last")
AS_TORCH = Treatment()

Work = Callable[[], object]  # one volume, one step of a diffusion, or one step of training
Load = Callable[[Setting], Work]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to do the work.

    Attributes:
        name: In tables; says precision and whatever differs.
        group: What asks for it; those of "ours" are always measured.
        load: Makes the work, once, in a process of its own; a function of a module.
        pages: Whether glibc keeps freed memory there or returns it, as it does by default.
        products: Passes that a volume takes, where one work is one pass.
        treatment: How the network is run.
        cost: Counts the operations of one work and the parameters.
    """

    name: str
    group: str
    load: Load
    pages: Literal["kept", "returned"]
    products: tuple[int, ...] = ()
    treatment: Treatment = AS_TORCH
    cost: Callable[[Setting], Cost] | None = None


def random_volume(setting: Setting) -> Tensor:
    """(1, 1, X, Y, Z) of noise in [-1, 1], always the same."""
    generator = torch.Generator().manual_seed(SEED)
    return torch.rand(1, 1, *setting.sizes, generator=generator).mul_(2).sub_(1)
