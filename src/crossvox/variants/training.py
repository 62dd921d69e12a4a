"""Variants of a training step: crossvox's engine, and the same method in plain torch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from crossvox.acceleration.compute import choose_compute
from crossvox.acceleration.convolution import make_trainable
from crossvox.acceleration.up_sampling import transpose_up_sampling
from crossvox.contract import Batch, SynthesisMethod
from crossvox.training.engine import Run
from crossvox.training.experiment import TrainingSettings
from crossvox.training.patches import PatchSampler
from crossvox.training.planned import planned_training
from crossvox.training.prepared import STEPS_PER_UNIT, PreparedCase
from crossvox.training.processes import launch
from crossvox.variants.arithmetic import TRAINED, WRITTEN, cost_of_step
from crossvox.variants.ours import trained_method
from crossvox.variants.plain import textbook
from crossvox.variants.variant import (
    OURS,
    SEED,
    Setting,
    Treatment,
    Variant,
    Work,
    random_volume,
)

ENDLESS = 10**9  # steps, more than are ever run


@dataclass(frozen=True, kw_only=True)
class RandomCase(PreparedCase):
    """A prepared case of random noise in memory instead of a file.

    Attributes:
        voxels: Source, target and mask (3, X, Y, Z), scaled as in a prepared file.
    """

    voxels: NDArray[np.int16]

    def open(self) -> NDArray[np.int16]:
        """Return the voxels."""
        return self.voxels

    def centers(self) -> NDArray[np.int16]:
        """Return no centers, because a patch is the whole volume."""
        return np.zeros((0, 3), dtype=np.int16)


def engine_step(setting: Setting, *, recompute: Literal["nothing", "blocks"] = "nothing") -> Work:
    """One training step of the engine, including sampling and transfer of the patch."""
    compute = choose_compute(device="cpu")
    case = RandomCase(name="noise", path=Path("noise.npy"), voxels=_noise(setting))
    run = Run(
        fabric=launch(compute, precision=compute.precision),
        method=trained_method(setting),
        sampler=PatchSampler(cases=[case], patch=setting.sizes, batch=1, flip_share=0.5, seed=SEED),
        settings=planned_training(
            TrainingSettings(
                steps=ENDLESS,
                batch=1,
                patch=setting.sizes,
                recompute=recompute,
                ema=0.0,
                validate_every=ENDLESS,
            )
        ),
        folder=Path(),
        validate=None,
        save_weights=lambda _weights, _step: None,
        report=lambda _step, _row: None,
    )
    return partial(next, run.timed_steps(ENDLESS))


def plain_step(setting: Setting, *, as_written: bool = False) -> Work:
    """One training step in float32 in plain torch, with the method's losses and optimizers."""
    method = trained_method(setting)
    if as_written:
        textbook(method)
    else:
        transpose_up_sampling(method, keep_wide=True)
        make_trainable(method)
    return step_of(method, _batch(setting))


def step_of(method: SynthesisMethod, batch: Batch) -> Callable[[], None]:
    """Create a function that updates each network of `method` once."""
    optimizers = method.train().optimizers()

    def step() -> None:
        for objective in method.objectives(batch):
            objective.loss.backward()
            optimizers[objective.network].step()
            optimizers[objective.network].zero_grad()

    return step


def _noise(setting: Setting) -> NDArray[np.int16]:
    random, limit = np.random.default_rng(SEED), STEPS_PER_UNIT
    voxels = random.integers(-limit, limit, (3, *setting.sizes), dtype=np.int16)
    voxels[-1] = limit  # mask: all voxels have equal weight
    return voxels


def _batch(setting: Setting) -> Batch:
    source = random_volume(setting)
    return Batch(source=source, target=-source, mask=torch.ones_like(source))


IN_FLOAT32 = Treatment(extent="patch")
AS_TRAINED = Treatment(extent="patch", precision="fast", order="channels last")

TRAINING: tuple[Variant, ...] = (
    Variant(
        name="ours",
        group=OURS,
        load=engine_step,
        pages="kept",
        treatment=AS_TRAINED,
        cost=partial(cost_of_step, form=TRAINED),
    ),
    Variant(
        name="ours, recomputing blocks",
        group=OURS,
        load=partial(engine_step, recompute="blocks"),
        pages="kept",
        treatment=AS_TRAINED,
        cost=partial(cost_of_step, form=TRAINED),
    ),
    Variant(
        name="same method, float32, eager",
        group=OURS,
        load=plain_step,
        pages="kept",
        treatment=IN_FLOAT32,
        cost=partial(cost_of_step, form=TRAINED),
    ),
    Variant(
        name="same method, float32, eager, default allocator",
        group=OURS,
        load=plain_step,
        pages="returned",
        treatment=IN_FLOAT32,
        cost=partial(cost_of_step, form=TRAINED),
    ),
    Variant(
        name="same method as written in the paper, float32, eager, default allocator",
        group=OURS,
        load=partial(plain_step, as_written=True),
        pages="returned",
        treatment=IN_FLOAT32,
        cost=partial(cost_of_step, form=WRITTEN),
    ),
)
