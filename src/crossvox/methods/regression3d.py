"""Plain regression: a residual-encoder U-Net that learns the mean absolute error alone.

It is the honest bar for every adversary: what wins the synthesis challenges.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.optim import AdamW, Optimizer

from crossvox.contract import Batch, Noise, Objective, SynthesisMethod
from crossvox.errors import SettingsError
from crossvox.networks.blocks import Norm
from crossvox.networks.losses import masked_l1
from crossvox.networks.padding import synthesize_padded
from crossvox.networks.residual_encoder import ResidualEncoderUNet


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the regression.

    Attributes:
        width: Channels of the first level; they double at each level, to at most 320.
        blocks: Residual blocks of each level; one level more than there are halvings.
        weight_decay: Of AdamW.

    Raises:
        SettingsError: A width or the learning rate is not positive, or a level has no block.

    Source:
        Isensee et al. 2024, arXiv 2404.09556: widths and blocks of its residual encoders
    """

    width: int = 32
    blocks: tuple[int, ...] = (1, 3, 4, 6, 6)
    norm: Norm = "instance"
    learning_rate: float = 3e-4
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("width", "learning_rate"):
            if getattr(self, name) <= 0:
                raise SettingsError(f"method.{name} is positive, got {getattr(self, name)}")
        if not self.blocks or min(self.blocks) < 1:
            raise SettingsError(f"method.blocks has at least 1 a level, got {self.blocks}")


class Method(SynthesisMethod):
    """One network and the masked mean absolute error."""

    product: ClassVar[tuple[str, ...]] = ("network",)

    def __init__(self, config: Config, *, sources: int) -> None:
        super().__init__()
        self.config = config
        self.network = ResidualEncoderUNet(
            sources=sources, width=config.width, blocks=config.blocks, norm=config.norm
        )

    def optimizers(self) -> dict[str, Optimizer]:
        """AdamW."""
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
        """The mean absolute error inside the mask."""
        synthesized = self.network(batch.source)
        yield Objective(
            network="network", loss=masked_l1(synthesized, batch.target, mask=batch.mask)
        )

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - the contract's
        """The network's output, cut to [-1, 1]."""
        multiple = 2 ** (len(self.config.blocks) - 1)
        return synthesize_padded(self.network, source, multiple=multiple).clamp(-1, 1)
