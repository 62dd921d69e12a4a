"""Plain regression: a residual-encoder U-Net trained with the mean absolute error alone.

It is a strong baseline for adversarial methods: such networks have won synthesis challenges.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.optim import AdamW, Optimizer

from crossvox.contract import Batch, Noise, Objective, Sizes, SynthesisMethod
from crossvox.networks.blocks import Norm
from crossvox.networks.bounds import (
    Beta,
    BlocksPerLevel,
    Decay,
    Rate,
    Width,
    refuse_out_of_bounds,
)
from crossvox.networks.losses import masked_l1
from crossvox.networks.padding import synthesize_padded
from crossvox.networks.patches import refuse_exhausted, refuse_undivided
from crossvox.networks.residual_encoder import ResidualEncoderUNet


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the regression.

    Attributes:
        width: Channels of the first level; they double at each level, up to 320.
        blocks: Number of residual blocks at each level; sizes are halved between levels.
        norm: Normalization of the network.
        learning_rate: Learning rate of AdamW.
        betas: Decay rates of Adam's two moment estimates.
        weight_decay: Weight decay of AdamW.

    Raises:
        SettingsError: A setting has the wrong type or is out of bounds.

    Source:
        Isensee et al. 2024, arXiv 2404.09556: widths and blocks of its residual encoders
    """

    width: Width = 32
    blocks: BlocksPerLevel = (1, 3, 4, 6, 6)
    norm: Norm = "instance"
    learning_rate: Rate = 3e-4
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    weight_decay: Decay = 1e-5

    def __post_init__(self) -> None:
        refuse_out_of_bounds(self, section="method")


class Method(SynthesisMethod):
    """A network trained with the masked mean absolute error."""

    product: ClassVar[tuple[str, ...]] = ("network",)

    def __init__(self, config: Config, *, sources: int) -> None:
        super().__init__()
        self.config = config
        self.network = ResidualEncoderUNet(
            sources=sources, width=config.width, blocks=config.blocks, norm=config.norm
        )

    @property
    def patch_multiples(self) -> Sizes:
        """Sizes that the levels after the first halve to one voxel."""
        multiple = 2**self._halvings
        return multiple, multiple, multiple

    def refuse_patch(self, sizes: Sizes) -> None:
        """Check that the network can halve the patch and keep more than one voxel to normalize.

        Raises:
            SettingsError: A size leaves a remainder, or a single voxel remains.
        """
        setting = f"the {len(self.config.blocks)} levels of method.blocks"
        refuse_undivided(sizes, halvings=self._halvings, setting=setting)
        if self.config.norm != "group":
            refuse_exhausted(sizes, halvings=self._halvings, setting=setting)

    def optimizers(self) -> dict[str, Optimizer]:
        """Create AdamW."""
        settings = self.config
        optimizer = AdamW(
            self.network.parameters(),
            lr=settings.learning_rate,
            betas=settings.betas,
            fused=True,
            weight_decay=settings.weight_decay,
        )
        return {"network": optimizer}

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """Yield the mean absolute error within the mask."""
        synthesized = self.network(batch.source)
        yield Objective(
            network="network", loss=masked_l1(synthesized, batch.target, mask=batch.mask)
        )

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - required by the contract
        """Apply the network and clamp its output to [-1, 1]."""
        multiple = 2**self._halvings
        return synthesize_padded(self.network, source, multiple=multiple).clamp(-1, 1)

    @property
    def _halvings(self) -> int:
        return len(self.config.blocks) - 1
