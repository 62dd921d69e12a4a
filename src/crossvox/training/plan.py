"""Plan the settings that an experiment leaves open, from the cohort and the free memory."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from crossvox.acceleration.compute import Compute, free_memory_bytes
from crossvox.cohort import Case
from crossvox.errors import SettingsError
from crossvox.files import read_grid
from crossvox.networks.patches import format_sizes
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

EPOCHS, FEWEST_STEPS = 100, 3000  # the paper's epochs; steps that two cores run in under an hour
LONGEST_SIDE = 4096  # voxels along a side of a working grid
LARGEST_PADDING = 1.5  # area of a padded slice over that of the slice
LARGEST_DEPTH = 8  # halvings in a 2D U-Net, as published


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An experiment with all settings filled in, and the facts that they were planned from.

    Attributes:
        requested: Experiment before planning.
        experiment: Experiment after planning; with a time budget its steps stay None until timed.
        patch: Size of a training patch in voxels.
        batch: Number of patches per step.
        minutes: Time budget in minutes of steps not yet timed; 0 if the steps are known.
        grids: Working grids of the training cases.
        held_out: Sizes in voxels of the working grids of the validation cases.
        validation: Cost of a validation, in training steps.
        scales: Intensity scales and the reason for each.
    """

    requested: Experiment
    experiment: Experiment
    patch: Sizes
    batch: int
    minutes: float
    grids: tuple[Grid, ...]
    held_out: tuple[Sizes, ...]
    validation: float
    scales: ScalePlan

    def with_steps(self, steps: int) -> "Plan":
        """The plan with `steps` steps, and with the validation interval if that is open."""
        settings = self.experiment.training
        every = settings.validate_every or validate_every(
            steps, validation=self.validation, report_every=settings.report_every
        )
        training = replace(settings, steps=steps, epochs=None, validate_every=every)
        return replace(self, experiment=replace(self.experiment, training=training), minutes=0.0)

    @property
    def training(self) -> PlannedTraining:
        """Settings of the training.

        Raises:
            SettingsError: The steps are not timed yet.
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
    """Fill the open settings of `experiment`, except the steps of a time budget.

    Spacing: each source's own where they agree, else their median (Isensee et al. 2021). Patch:
    the median working grid, its longest side cut until a step is quick and fits in memory, or its
    whole slices for a 2D method. Scales: HU windows for CT, else the scale with the lowest error of
    a perfect network (`plan_scales`). Slices: stacked along the axis with the largest spacing.
    Validation: at most a tenth of the cost of training.

    Args:
        experiment: Settings; those that are None are filled.
        cases: Training cases.
        held_out: Validation cases.
        compute: Device and precision of the run.

    Raises:
        SettingsError: The networks cannot be trained on such patches or volumes of such sizes.
        ResourceError: The patch that is set does not fit in memory, or no patch does.
    """
    free = free_memory_bytes(compute.device)
    refuse_patch(experiment, compute=compute, free_bytes=free)
    source = experiment.cohort.source[0]
    grids = [read_grid(case.images[source]) for case in cases]
    spacing = experiment.preparation.spacing_mm or _plan_spacing(grids)
    working = _working(spacing, grids)
    held_out_grids = _working(spacing, [read_grid(case.images[source]) for case in held_out])
    settings = _plan_method(experiment.method_settings, working)
    chosen = replace(experiment, method_settings=settings)
    patch, batch = _plan_patches(chosen, [grid.shape for grid in working], compute, free)
    training = _plan_training(chosen, patch, batch)
    # Last, because reading volumes is slow: impossible settings have been refused by now.
    scales = plan_scales(experiment.preparation, cohort=experiment.cohort, cases=cases)
    preparation = replace(scales.settings, spacing_mm=spacing)
    chosen = replace(chosen, preparation=preparation, training=training)
    shapes = tuple(grid.shape for grid in held_out_grids)
    planned = Plan(
        requested=experiment,
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
    return planned.with_steps(training.steps or _plan_steps(training, len(cases), batch=batch))


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
                f"preparation.spacing_mm {spacing} makes a volume of {format_sizes(grid.shape)}"
                f" voxels, more than {LONGEST_SIDE} along a side; set a larger one"
            )
    return working


def _plan_method(settings: Mapping[str, Any], grids: Sequence[Grid]) -> dict[str, Any]:
    """Fill the slice axis and the depth of a 2D method, where they are open."""
    planned = dict(settings)
    if "slice_axis" not in settings:
        return planned
    if settings["slice_axis"] is None:
        spacing = np.median([grid.spacing_mm for grid in grids], axis=0)
        thickest = max(range(len(AXES)), key=lambda axis: (spacing[axis], axis))  # a tie goes to z
        planned["slice_axis"] = AXES[thickest]
    if settings.get("depth", LARGEST_DEPTH) is None:
        sizes = list(median_of([grid.shape for grid in grids]))
        del sizes[AXES.index(planned["slice_axis"])]
        planned["depth"] = _plan_depth(sizes)
    return planned


def _plan_depth(plane: Sequence[int]) -> int:
    """Depth of the deepest U-Net whose slices need at most `LARGEST_PADDING`."""

    def padding(depth: int) -> float:
        multiple: int = 2**depth
        return math.prod(math.ceil(size / multiple) * multiple / size for size in plane)

    depths = range(1, LARGEST_DEPTH + 1)
    return max((depth for depth in depths if padding(depth) <= LARGEST_PADDING), default=1)


def _plan_patches(
    experiment: Experiment, shapes: Sequence[Sizes], compute: Compute, free_bytes: int
) -> tuple[Sizes, int]:
    settings = experiment.training
    if settings.patch is not None:
        return settings.patch, batch_of(settings)
    return plan_patch(experiment, shapes, compute=compute, free_bytes=free_bytes)


def _plan_training(experiment: Experiment, patch: Sizes, batch: int) -> TrainingSettings:
    settings = experiment.training
    ema = method_of(experiment).ema_decay if settings.ema is None else settings.ema
    return replace(settings, patch=patch, batch=batch, ema=ema)


def _plan_steps(settings: TrainingSettings, cases: int, *, batch: int) -> int:
    epochs = settings.epochs or EPOCHS
    steps = math.ceil(epochs * cases / batch)
    return steps if settings.epochs else max(FEWEST_STEPS, steps)
