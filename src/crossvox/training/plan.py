"""What an experiment leaves open, from the cohort and the memory at hand."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from crossvox.acceleration.compute import Compute, free_memory_bytes
from crossvox.cohort import Case
from crossvox.errors import SettingsError
from crossvox.files import read_grid
from crossvox.networks.patches import written
from crossvox.preparation.preparation import Spacing, shared_spacing
from crossvox.preparation.resampling import working_grid
from crossvox.training.experiment import Experiment, Sizes, TrainingSettings
from crossvox.training.patch_plan import (
    AXES,
    batch_of,
    median_of,
    method_of,
    plan_patch,
    refuse_patch,
)
from crossvox.training.planned import PlannedTraining, planned_training
from crossvox.training.scales import ScalePlan, plan_scales
from crossvox.training.validation_budget import validate_every, validation_in_steps
from crossvox.volume.grid import Grid

EPOCHS, FEWEST_STEPS = 100, 3000  # the paper's epochs; what two cores do in under an hour
LONGEST_SIDE = 4096  # voxels of a working grid
LARGEST_PADDING = 1.5  # of a slice, for a U-Net that halves it to one pixel
DEEPEST = 8  # halvings, as published


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An experiment with nothing left open, and what its choices were made from.

    Attributes:
        asked: As the settings had it.
        experiment: Planned; where minutes are the budget its steps are open until some are timed.
        patch: Sizes of a training patch.
        batch: Patches per step.
        minutes: Budget of steps that are not yet timed; 0 where steps are known.
        grids: Working grids of the training cases.
        held_out: Sizes of the working grids of the people that are validated on.
        validation: What one validation costs, in steps.
        scales: Of intensities, with the reasons of each.
    """

    asked: Experiment
    experiment: Experiment
    patch: Sizes
    batch: int
    minutes: float
    grids: tuple[Grid, ...]
    held_out: tuple[Sizes, ...]
    validation: float
    scales: ScalePlan

    def lasting(self, steps: int) -> "Plan":
        """The plan for so many steps, validated as often as is set or as a tenth of them pays."""
        settings = self.experiment.training
        every = settings.validate_every or validate_every(
            steps, validation=self.validation, report_every=settings.report_every
        )
        lasting = replace(settings, steps=steps, epochs=None, validate_every=every)
        return replace(self, experiment=replace(self.experiment, training=lasting), minutes=0.0)

    @property
    def training(self) -> PlannedTraining:
        """Settings of the training.

        Raises:
            SettingsError: Its steps are still to be timed.
        """
        return planned_training(self.experiment.training)

    @property
    def is_timed(self) -> bool:
        """Whether the number of steps is known."""
        return not self.minutes


def plan(
    experiment: Experiment,
    cases: Sequence[Case],
    *,
    held_out: Sequence[Case] = (),
    compute: Compute,
) -> Plan:
    """`experiment` with nothing left open, but what a budget of minutes decides.

    Spacing: each source's own where they agree, else their median (Isensee et al. 2021). Patch:
    the median working grid, its longest side cut until a step fits in memory, or its whole slices
    for a method in 2D. Scales: HU windows for CT, else what costs a perfect network least
    (`plan_scales`). Slices: across the axis of the largest spacing. Validation: at most a tenth of
    the cost of training.

    Args:
        experiment: Its settings that are None are filled.
        cases: The training cases.
        held_out: The cases that are validated on.
        compute: Where it will run.

    Raises:
        SettingsError: The networks cannot learn from such patches or volumes of such sizes.
        ResourceError: The patch that is set does not fit in memory, or not even a small one.
    """
    free = free_memory_bytes(compute.device)
    refuse_patch(experiment, compute=compute, free_bytes=free)
    source = experiment.cohort.source[0]
    grids = [read_grid(case.images[source]) for case in cases]
    spacing = experiment.preparation.spacing_mm or _plan_spacing(grids)
    working = _working(spacing, grids)
    others = _working(spacing, [read_grid(case.images[source]) for case in held_out])
    settings = _plan_method(experiment.method_settings, working)
    chosen = replace(experiment, method_settings=settings)
    patch, batch = _plan_patches(chosen, [grid.shape for grid in working], compute, free)
    training = _plan_training(chosen, patch, batch)
    # Last, because it reads volumes: what is impossible is refused before.
    scales = plan_scales(experiment.preparation, cohort=experiment.cohort, cases=cases)
    preparation = replace(scales.settings, spacing_mm=spacing)
    chosen = replace(chosen, preparation=preparation, training=training)
    shapes = tuple(grid.shape for grid in others)
    planned = Plan(
        asked=experiment,
        experiment=chosen,
        patch=patch,
        batch=batch,
        minutes=0.0 if training.steps else training.minutes or 0.0,
        grids=tuple(working),
        held_out=shapes,
        validation=validation_in_steps(method_of(chosen), shapes, patch=patch, batch=batch),
        scales=scales,
    )
    if not planned.is_timed:
        return planned
    return planned.lasting(training.steps or _plan_steps(training, len(cases), batch=batch))


def _plan_spacing(grids: Sequence[Grid]) -> Spacing | Literal["own"]:
    if shared_spacing(grids):
        return "own"
    spacings = [working_grid(grid, spacing_mm=None).spacing_mm for grid in grids]
    x, y, z = (round(float(step), 3) for step in np.median(spacings, axis=0))
    return x, y, z


def _working(spacing: Spacing | Literal["own"], grids: Sequence[Grid]) -> list[Grid]:
    working = [
        working_grid(grid, spacing_mm=None if spacing == "own" else spacing) for grid in grids
    ]
    for grid in working:
        if max(grid.shape) > LONGEST_SIDE:
            raise SettingsError(
                f"preparation.spacing_mm {spacing} makes a volume of {written(grid.shape)} voxels,"
                f" more than {LONGEST_SIDE} a side; set a larger one"
            )
    return working


def _plan_method(given: Mapping[str, Any], grids: Sequence[Grid]) -> dict[str, Any]:
    """The axis and the depth of a method in 2D, where they are open."""
    planned = dict(given)
    if "slice_axis" not in given:
        return planned
    if given["slice_axis"] is None:
        spacing = np.median([grid.spacing_mm for grid in grids], axis=0)
        thickest = max(range(len(AXES)), key=lambda axis: (spacing[axis], axis))  # z of equal ones
        planned["slice_axis"] = AXES[thickest]
    if given.get("depth", DEEPEST) is None:
        sizes = list(median_of([grid.shape for grid in grids]))
        del sizes[AXES.index(planned["slice_axis"])]
        planned["depth"] = _plan_depth(sizes)
    return planned


def _plan_depth(plane: Sequence[int]) -> int:
    """The deepest U-Net for which slices need not be padded to much more than they are."""

    def padding(depth: int) -> float:
        multiple: int = 2**depth
        return math.prod(math.ceil(size / multiple) * multiple / size for size in plane)

    return max((n for n in range(1, DEEPEST + 1) if padding(n) <= LARGEST_PADDING), default=1)


def _plan_patches(
    experiment: Experiment, shapes: Sequence[Sizes], compute: Compute, free_bytes: int
) -> tuple[Sizes, int]:
    given = experiment.training
    if given.patch is not None:
        return given.patch, batch_of(given)
    return plan_patch(experiment, shapes, compute=compute, free_bytes=free_bytes)


def _plan_training(experiment: Experiment, patch: Sizes, batch: int) -> TrainingSettings:
    given = experiment.training
    ema = method_of(experiment).average_decay if given.ema is None else given.ema
    return replace(given, patch=patch, batch=batch, ema=ema)


def _plan_steps(settings: TrainingSettings, cases: int, *, batch: int) -> int:
    passes = settings.epochs or EPOCHS
    steps = math.ceil(passes * cases / batch)
    return steps if settings.epochs else max(FEWEST_STEPS, steps)
