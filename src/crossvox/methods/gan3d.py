"""The paper's 3D conditional GAN: residual U-Net, patch discriminator, adversarial and L1 loss."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Adam, Optimizer

from crossvox.contract import Batch, Noise, Objective, SynthesisMethod
from crossvox.errors import SettingsError
from crossvox.networks.blocks import Norm, UpSampling
from crossvox.networks.freezing import frozen, normalising_by_batch
from crossvox.networks.losses import masked_l1
from crossvox.networks.padding import synthesize_padded
from crossvox.networks.patch_discriminator import PatchDiscriminator
from crossvox.networks.unet import ResidualUNet


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the 3D GAN; the paper's values where it gives them (decision 0011).

    Attributes:
        width: Channels of the generator's first level; they double at each of `depth` poolings.
        discriminator_width: Channels of the discriminator's first of `discriminator_levels`.
        l1_weight: Weight of the L1 term; equation 1 has 1.
        prediction_statistics: What batch normalisation divides by at prediction time: "running"
            means over training, or those of the volume itself ("batch"), as in training.
        learning_rate: Of both Adam optimizers.

    Raises:
        SettingsError: A width, a depth or the learning rate is not positive.
    """

    width: int = 16
    depth: int = 4
    norm: Norm = "batch"
    up_sampling: UpSampling = "nearest"
    discriminator_width: int = 64
    discriminator_levels: int = 3
    l1_weight: float = 1.0
    prediction_statistics: Literal["running", "batch"] = "running"
    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)

    def __post_init__(self) -> None:
        positive = (
            "width", "depth", "discriminator_width", "discriminator_levels", "learning_rate"
        )  # fmt: skip
        for name in positive:
            if getattr(self, name) <= 0:
                raise SettingsError(f"method.{name} is positive, got {getattr(self, name)}")


class Method(SynthesisMethod):
    """A generator that learns from a patch discriminator and from the mean absolute error."""

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
        """As `prediction_statistics` says."""
        return self.config.norm != "batch" or self.config.prediction_statistics == "running"

    def optimizers(self) -> dict[str, Optimizer]:
        """Adam for each network."""
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
        """Equation 1, first for the discriminator, then for the generator.

        The generator minimises -log D(x, G(x)) instead of log(1 - D(x, G(x))): the same optimum
        with gradients that do not vanish (Goodfellow et al. 2014, section 3).
        """
        synthesized = self.generator(batch.source)
        real = self.discriminator(batch.source, batch.target)
        fake = self.discriminator(batch.source, synthesized.detach())
        yield Objective(
            network="discriminator",
            loss=_cross_entropy(real, label=1.0) + _cross_entropy(fake, label=0.0),
        )
        with frozen(self.discriminator):
            adversarial = _cross_entropy(self.discriminator(batch.source, synthesized), label=1.0)
            l1 = masked_l1(synthesized, batch.target, mask=batch.mask)
            yield Objective(
                network="generator",
                loss=adversarial + self.config.l1_weight * l1,
                terms={"adversarial": adversarial.detach(), "l1": l1.detach()},
            )

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - the contract's
        """G(x)."""
        multiple = 2**self.config.depth
        if self.fixed_statistics:
            return synthesize_padded(self.generator, source, multiple=multiple)
        with normalising_by_batch(self.generator):
            return synthesize_padded(self.generator, source, multiple=multiple)


def _cross_entropy(logits: Tensor, *, label: float) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))
