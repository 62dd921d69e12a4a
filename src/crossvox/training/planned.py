"""Training settings in which nothing is open."""

from dataclasses import dataclass
from typing import Literal

from crossvox.errors import SettingsError
from crossvox.training.experiment import Sizes, TrainingSettings


@dataclass(frozen=True, kw_only=True)
class PlannedTraining:
    """`TrainingSettings` after planning, as the engine takes them.

    Attributes:
        steps: Optimizer steps.
        batch: Patches per step over all processes and accumulated parts.
        patch: Sizes of a patch in voxels of the working grid.
        accumulate: Parts that a batch is divided into.
        recompute: Features that the backward pass computes again.
        flip_share: Chance that a patch is mirrored left to right.
        clip: Largest norm of each network's gradients; 0 is no limit.
        ema: Decay of the moving average of the product's weights; 0 is none.
        decay_share: Share of the steps, at the end, over which learning rates fall to 0.
        checkpoint_every: Steps between saves.
        validate_every: Steps between validations.
        report_every: Steps between rows of progress.csv.
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
    """Settings whose open ones were all planned.

    Raises:
        SettingsError: Some are still open.
    """
    values = {name: getattr(settings, name) for name in PlannedTraining.__dataclass_fields__}
    still_open = [f"training.{name}" for name, value in values.items() if value is None]
    if still_open:
        raise SettingsError(f"{', '.join(still_open)} must be planned or set before training")
    return PlannedTraining(**values)
