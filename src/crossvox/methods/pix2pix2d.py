"""Pix2Pix: the 2D conditional GAN commonly applied to volumes slice by slice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from einops import rearrange
from torch import Tensor
from torch.optim import Adam, Optimizer

from crossvox.contract import Batch, Noise, Objective, Sizes, SynthesisMethod
from crossvox.networks.bounds import (
    Beta,
    Levels,
    LossWeight,
    Rate,
    Width,
    refuse_out_of_bounds,
)
from crossvox.networks.freezing import frozen
from crossvox.networks.losses import label_cross_entropy, masked_l1
from crossvox.networks.padding import padded
from crossvox.networks.patches import refuse_small
from crossvox.networks.pix2pix import Norm2d, PatchDiscriminator2d, Pix2PixUNet

SliceAxis = Literal["x", "y", "z"]

PUBLISHED_DEPTH = 8  # halvings of 256x256 pixels to one
SLICES_AT_ONCE = 16  # per forward pass at inference
AXES: dict[str, tuple[int, int]] = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}  # within a slice
SMALLEST_LOGITS = 3  # pixels needed by two 4x4 convolutions without a stride
TO_SLICES = {
    "x": "b c x y z -> (b x) c y z",
    "y": "b c x y z -> (b y) c x z",
    "z": "b c x y z -> (b z) c x y",
}
TO_VOLUMES = {
    "x": "(b x) c y z -> b c x y z",
    "y": "(b y) c x z -> b c x y z",
    "z": "(b z) c x y -> b c x y z",
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of pix2pix, with the published defaults.

    Attributes:
        slice_axis: Axis that slices are stacked along: x right, y anterior, z superior. By default
            the axis with the largest voxel spacing.
        width: Channels of the generator's first level; they double per level, up to eightfold.
        depth: Number of halvings of the U-Net; the published 8 reduce 256x256 pixels to one. By
            default it is planned from the size of the slices.
        norm: Kind of normalization; "instance" is equivalent to the published "batch" with its
            batch size of 1.
        dropout: Whether half of the innermost decoder features are dropped, the noise of pix2pix.
        discriminator_width: Channels of the discriminator's first level.
        discriminator_levels: Number of levels; 3 give the discriminator of 70x70 patches.
        l1_weight: Weight of the mean absolute error.
        learning_rate: Learning rate of both Adam optimizers.
        betas: Decay rates of Adam's two moment estimates.

    Raises:
        SettingsError: A setting has the wrong type or is out of bounds.

    Source:
        Isola et al. 2017, doi 10.1109/CVPR.2017.632, sections 3 and 6
    """

    slice_axis: SliceAxis | None = None
    width: Width = 64
    depth: Levels | None = None
    norm: Norm2d = "instance"
    dropout: Literal["on", "off"] = "on"
    discriminator_width: Width = 64
    discriminator_levels: Levels = 3
    l1_weight: LossWeight = 100.0
    learning_rate: Rate = 2e-4
    betas: tuple[Beta, Beta] = (0.5, 0.999)

    def __post_init__(self) -> None:
        refuse_out_of_bounds(self, section="method")


class Method(SynthesisMethod):
    """A 2D generator trained with a 2D patch discriminator and the mean absolute error."""

    product: ClassVar[tuple[str, ...]] = ("generator",)
    free_settings: ClassVar[tuple[str, ...]] = ("dropout",)

    def __init__(self, config: Config, *, sources: int) -> None:
        super().__init__()
        self.config = config
        self.axis = config.slice_axis or "z"
        self.depth = config.depth or PUBLISHED_DEPTH
        self.generator = Pix2PixUNet(
            sources=sources,
            width=config.width,
            depth=self.depth,
            norm=config.norm,
            dropout=config.dropout == "on",
        )
        self.discriminator = PatchDiscriminator2d(
            sources=sources,
            width=config.discriminator_width,
            levels=config.discriminator_levels,
            norm=config.norm,
        )

    def refuse_patch(self, sizes: Sizes) -> None:
        """Check that the discriminator gives at least one logit; the generator pads slices itself.

        Raises:
            SettingsError: A slice is too small for the discriminator.
        """
        levels = self.config.discriminator_levels
        refuse_small(
            sizes,
            axes=AXES[self.axis],
            smallest=SMALLEST_LOGITS * 2**levels,
            setting=f"method.discriminator_levels {levels}",
        )

    def optimizers(self) -> dict[str, Optimizer]:
        """Create Adam for each network."""
        settings = self.config
        return {
            name: Adam(
                getattr(self, name).parameters(),
                lr=settings.learning_rate,
                betas=settings.betas,
                fused=True,
            )
            for name in ("discriminator", "generator")
        }

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """Yield the losses of equation 4, the discriminator's halved as published (section 3.3)."""
        x, y, z = batch.source.shape[2:]
        self.refuse_patch((x, y, z))
        source, target = self._slices(batch.source), self._slices(batch.target)
        synthesized = self._synthesize_slices(source)
        real = self.discriminator(source, target)
        fake = self.discriminator(source, synthesized.detach())
        yield Objective(
            network="discriminator",
            loss=(label_cross_entropy(real, label=1.0) + label_cross_entropy(fake, label=0.0)) / 2,
        )
        volume = self._volume(synthesized, of=batch.target)
        with frozen(self.discriminator):
            adversarial = label_cross_entropy(self.discriminator(source, synthesized), label=1.0)
            l1 = masked_l1(volume, batch.target, mask=batch.mask)
            yield Objective(
                network="generator",
                loss=adversarial + self.config.l1_weight * l1,
                terms={"adversarial": adversarial.detach(), "l1": l1.detach()},
            )

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - dropout has its own noise
        """Apply the generator to each slice separately."""
        batches = self._slices(source).split(SLICES_AT_ONCE)
        synthesized = torch.cat([self._synthesize_slices(batch) for batch in batches])
        return self._volume(synthesized, of=source)

    def _slices(self, volume: Tensor) -> Tensor:
        slices = rearrange(volume, TO_SLICES[self.axis])
        return slices.contiguous(memory_format=torch.channels_last)

    def _volume(self, slices: Tensor, *, of: Tensor) -> Tensor:
        return rearrange(slices, TO_VOLUMES[self.axis], b=len(of))

    def _synthesize_slices(self, source: Tensor) -> Tensor:
        grown, inner = padded(source, multiple=2**self.depth)
        synthesized: Tensor = self.generator(grown)
        return synthesized[inner]
