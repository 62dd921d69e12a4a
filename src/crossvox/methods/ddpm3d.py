"""A 3D diffusion model conditioned on the source at every step."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer

from crossvox.contract import Batch, Noise, Objective, Sizes, SynthesisMethod
from crossvox.errors import SettingsError
from crossvox.networks.bounds import Beta, Levels, Rate, Steps, Width, refuse_out_of_bounds
from crossvox.networks.denoiser import Denoiser
from crossvox.networks.diffusion import (
    Prediction,
    Schedule,
    clean_of,
    noised,
    reverse_step,
    sampling_timesteps,
    signal_shares,
    training_target,
)
from crossvox.networks.losses import masked_l2
from crossvox.networks.noise import normal_noise, surrounded
from crossvox.networks.padding import padded
from crossvox.networks.patches import refuse_undivided


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the diffusion model.

    Velocity prediction with the cosine schedule trains faster than the published noise prediction
    with the linear schedule.

    Attributes:
        width: Channels of the denoiser's first level; they double per level, up to eightfold.
        depth: Number of times that the denoiser halves sizes.
        prediction: Training target of the denoiser: velocity "v", or noise "epsilon" (Ho et al.).
        schedule: Noise schedule; "linear" in Ho et al.
        steps: Number of diffusion steps in training.
        sampler: "ancestral" as published, or "ddim", which draws noise only once.
        sampling_steps: Number of evenly spaced sampling steps; as published all of `steps`.
        learning_rate: Learning rate of Adam.
        betas: Decay rates of Adam's two moment estimates.

    Raises:
        SettingsError: A setting has the wrong type or is out of bounds, or there are more sampling
            steps than steps.

    Source:
        Ho et al. 2020, arXiv 2006.11239; conditioned by concatenation: Saharia et al. 2022,
        arXiv 2104.07636
    """

    width: Width = 32
    depth: Levels = 4
    prediction: Prediction = "v"
    schedule: Schedule = "cosine"
    steps: Steps = 1000
    sampler: Literal["ancestral", "ddim"] = "ddim"
    sampling_steps: Steps = 50
    learning_rate: Rate = 3e-4
    betas: tuple[Beta, Beta] = (0.9, 0.999)

    def __post_init__(self) -> None:
        refuse_out_of_bounds(self, section="method")
        if self.sampling_steps > self.steps:
            raise SettingsError(
                f"method.sampling_steps is {self.sampling_steps}, but must be at most method.steps"
                f" ({self.steps})"
            )


class Method(SynthesisMethod):
    """A denoiser that is trained to remove noise and sampled to synthesize volumes."""

    product: ClassVar[tuple[str, ...]] = ("denoiser",)
    ema_decay: ClassVar[float] = 0.999
    free_settings: ClassVar[tuple[str, ...]] = ("sampler", "sampling_steps")

    def __init__(self, config: Config, *, sources: int) -> None:
        super().__init__()
        self.config = config
        self.denoiser = Denoiser(sources=sources, width=config.width, depth=config.depth)
        self.shares = signal_shares(config.schedule, steps=config.steps).float()

    @property
    def passes(self) -> int:
        """One forward pass per sampling step."""
        return self.config.sampling_steps

    @property
    def patch_multiples(self) -> Sizes:
        """Sizes that `depth` strided convolutions halve to one voxel."""
        multiple = 2**self.config.depth
        return multiple, multiple, multiple

    def refuse_patch(self, sizes: Sizes) -> None:
        """Check that the denoiser can halve the patch `depth` times.

        Raises:
            SettingsError: A size leaves a remainder.
        """
        depth = self.config.depth
        refuse_undivided(sizes, halvings=depth, setting=f"method.depth {depth}")

    def optimizers(self) -> dict[str, Optimizer]:
        """Create AdamW without weight decay, which is Adam."""
        settings = self.config
        optimizer = AdamW(
            self.denoiser.parameters(),
            lr=settings.learning_rate,
            betas=settings.betas,
            fused=True,
            weight_decay=0.0,
        )
        return {"denoiser": optimizer}

    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """Yield the simple loss (Ho et al. 2020, equation 14) within the mask."""
        count, device = len(batch.target), batch.target.device
        step = torch.randint(self.config.steps, (count,), device=device)
        share = self.shares.to(device)[step].reshape(count, 1, 1, 1, 1)
        noise = torch.randn_like(batch.target)
        output = self.denoiser(noised(batch.target, noise, share), batch.source, step)
        aimed = training_target(batch.target, noise, share, prediction=self.config.prediction)
        loss = masked_l2(output.float(), aimed, mask=batch.mask)
        yield Objective(network="denoiser", loss=loss)

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:
        """Draw a sample conditioned on the source; it is deterministic for a given `noise`."""
        noise = noise or normal_noise((len(source), 1, *source.shape[2:]), seed=0)
        grown, inner = padded(source, multiple=2**self.config.depth)
        grown_noise = surrounded(noise, (len(grown), 1, *grown.shape[2:]), inner)
        return self._sample(grown, grown_noise)[inner]

    def _sample(self, source: Tensor, noise: Noise) -> Tensor:
        """Sample by algorithm 2 of Ho et al. 2020, over the chosen steps."""
        settings = self.config
        steps = sampling_timesteps(settings.sampling_steps, of=settings.steps)
        shares = torch.cat((self.shares, torch.ones(1))).to(source.device)  # last: clean volume
        noisy = noise(0).to(source.device)
        for index, (step, following) in enumerate(zip(steps, [*steps[1:], -1], strict=True)):
            output = self.denoiser(
                noisy, source, torch.full((len(source),), step, device=source.device)
            )
            clean = clean_of(output.float(), noisy, shares[step], prediction=settings.prediction)
            fresh = noise(index + 1).to(source.device) if settings.sampler == "ancestral" else None
            noisy = reverse_step(
                clean, noisy, fresh, share=shares[step], next_share=shares[following]
            )
        return noisy.clamp(-1, 1)
