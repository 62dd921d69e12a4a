"""Training settings after planning, none of them None."""

from dataclasses import dataclass
from typing import Literal

from crossvox.errors import SettingsError
from crossvox.training.experiment import Sizes, TrainingSettings


@dataclass(frozen=True, kw_only=True)
class PlannedTraining:
    """`TrainingSettings` after planning, as the engine takes them.

    Attributes:
        steps: Number of optimizer steps.
        batch: Number of patches per step, over all processes and accumulated parts.
        patch: Patch size in voxels of the working grid.
        accumulate: Number of equal parts of a batch whose gradients are accumulated.
        recompute: Features that the backward pass recomputes.
        flip_share: Probability that a patch is mirrored left to right.
        clip: Maximum gradient norm of each network; 0 disables clipping.
        ema: Decay per step of the EMA of the weights that inference uses; 0 disables averaging.
        decay_share: Share of the steps, at the end, over which learning rates fall to 0.
        checkpoint_every: Number of steps between checkpoints.
        validate_every: Number of steps between validations.
        report_every: Number of steps between rows of progress.csv.
        seed: Random seed for initial weights, patches and noise.
    """

    steps: int
    batch: int
    patch: Sizes
    accumulate: int
    recompute: Literal["nothing", "blocks"]
    flip_share: float
    clip: float
    ema: float
    decay_share: float
    checkpoint_every: int
    validate_every: int
    report_every: int
    seed: int


def planned_training(settings: TrainingSettings) -> PlannedTraining:
    """Convert settings that are all planned.

    Raises:
        SettingsError: A setting is still None.
    """
    values = {name: getattr(settings, name) for name in PlannedTraining.__dataclass_fields__}
    open_names = [f"training.{name}" for name, value in values.items() if value is None]
    if open_names:
        raise SettingsError(f"{', '.join(open_names)} must be planned or set before training")
    return PlannedTraining(**values)
