"""The paper's 3D conditional GAN: residual U-Net, patch discriminator, adversarial and L1 loss."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor
from torch.optim import Adam, Optimizer

from crossvox.contract import Batch, Noise, Objective, Sizes, SynthesisMethod
from crossvox.networks.blocks import Norm, UpSampling
from crossvox.networks.bounds import (
    Beta,
    Levels,
    LossWeight,
    Rate,
    Width,
    refuse_out_of_bounds,
)
from crossvox.networks.freezing import frozen, normalizing_by_batch
from crossvox.networks.losses import label_cross_entropy, masked_l1
from crossvox.networks.padding import synthesize_padded
from crossvox.networks.patch_discriminator import PatchDiscriminator
from crossvox.networks.patches import refuse_exhausted, refuse_undivided
from crossvox.networks.unet import ResidualUNet


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the 3D GAN.

    Defaults of the networks follow the paper where it specifies them (decision 0011). The L1 weight
    and the learning rate come from our own experiments; `experiments/paper_flair_to_t1.toml` sets
    the paper's.

    Attributes:
        width: Channels of the generator's first level; they double at each of `depth` poolings, up
            to sixteenfold.
        depth: Number of poolings of the generator.
        norm: Normalization of both networks.
        up_sampling: Interpolation with which the generator's decoder doubles sizes.
        discriminator_width: Channels of the discriminator's first level; they double per level.
        discriminator_levels: Levels of the discriminator, each of which halves sizes.
        l1_weight: Weight of the L1 loss; 1 in the paper's equation 1, 100 in Isola et al. 2017.
        prediction_statistics: Statistics of batch normalization at inference: "running" averages
            from training, or those of the volume itself ("batch"), as in training.
        learning_rate: Learning rate of both Adam optimizers; 1e-4 in the paper.
        betas: Decay rates of Adam's two moment estimates.

    Raises:
        SettingsError: A setting has the wrong type or is out of bounds.
    """

    width: Width = 16
    depth: Levels = 4
    norm: Norm = "batch"
    up_sampling: UpSampling = "nearest"
    discriminator_width: Width = 64
    discriminator_levels: Levels = 3
    l1_weight: LossWeight = 100.0
    prediction_statistics: Literal["running", "batch"] = "running"
    learning_rate: Rate = 3e-4
    betas: tuple[Beta, Beta] = (0.9, 0.999)

    def __post_init__(self) -> None:
        refuse_out_of_bounds(self, section="method")


class Method(SynthesisMethod):
    """A generator trained with a patch discriminator and the mean absolute error."""

    product: ClassVar[tuple[str, ...]] = ("generator",)
    free_settings: ClassVar[tuple[str, ...]] = ("prediction_statistics",)

    def __init__(self, config: Config, *, sources: int) -> None:
        super().__init__()
        self.config = config
        self.generator = ResidualUNet(
            sources=sources,
            width=config.width,
            depth=config.depth,
            norm=config.norm,
            up_sampling=config.up_sampling,
        )
        self.discriminator = PatchDiscriminator(
            sources=sources,
            width=config.discriminator_width,
            levels=config.discriminator_levels,
            norm=config.norm,
        )

    @property
    def fixed_statistics(self) -> bool:
        """Whether inference uses running statistics, as set by `prediction_statistics`."""
        return self.config.norm != "batch" or self.config.prediction_statistics == "running"

    @property
    def patch_multiples(self) -> Sizes:
        """Sizes that `depth` pooling layers halve to one voxel."""
        multiple = 2**self.config.depth
        return multiple, multiple, multiple

    def refuse_patch(self, sizes: Sizes) -> None:
        """Check that both networks can halve the patch and keep more than one voxel to normalize.

        Raises:
            SettingsError: A size leaves a remainder, or a single voxel remains.
        """
        settings = self.config
        depth = f"method.depth {settings.depth}"
        refuse_undivided(sizes, halvings=settings.depth, setting=depth)
        if settings.norm == "group":
            return
        levels = settings.discriminator_levels
        refuse_exhausted(sizes, halvings=settings.depth, setting=depth)
        refuse_exhausted(sizes, halvings=levels, setting=f"method.discriminator_levels {levels}")

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
        """Yield the losses of equation 1, first for the discriminator, then for the generator.

        The generator minimizes -log D(x, G(x)) instead of log(1 - D(x, G(x))), which has the same
        optimum and gradients that do not vanish (Goodfellow et al. 2014, section 3).
        """
        synthesized = self.generator(batch.source)
        real = self.discriminator(batch.source, batch.target)
        fake = self.discriminator(batch.source, synthesized.detach())
        yield Objective(
            network="discriminator",
            loss=label_cross_entropy(real, label=1.0) + label_cross_entropy(fake, label=0.0),
        )
        with frozen(self.discriminator):
            adversarial = label_cross_entropy(
                self.discriminator(batch.source, synthesized), label=1.0
            )
            l1 = masked_l1(synthesized, batch.target, mask=batch.mask)
            yield Objective(
                network="generator",
                loss=adversarial + self.config.l1_weight * l1,
                terms={"adversarial": adversarial.detach(), "l1": l1.detach()},
            )

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - required by the contract
        """Apply the generator to `source`: G(x)."""
        multiple = 2**self.config.depth
        if self.fixed_statistics:
            return synthesize_padded(self.generator, source, multiple=multiple)
        with normalizing_by_batch(self.generator):
            return synthesize_padded(self.generator, source, multiple=multiple)
