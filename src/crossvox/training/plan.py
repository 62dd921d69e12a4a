"""What an experiment leaves open, from the cohort and the memory at hand."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from crossvox.cohort import Case
from crossvox.errors import ResourceError
from crossvox.files import read_grid
from crossvox.preparation.preparation import Spacing, shared_spacing
from crossvox.preparation.resampling import working_grid
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.compute import Compute, free_memory_bytes
from crossvox.training.experiment import Experiment, PreparationSettings, Sizes, TrainingSettings
from crossvox.training.memory import step_bytes
from crossvox.training.scales import plan_scales
from crossvox.volume.grid import Grid

MEMORY_SHARE = 0.7
SIZE_STEP = 16  # four poolings
SMALLEST_PATCH = 32  # with 16 they leave one voxel, which batch normalisation refuses
LARGEST_CPU_PATCH = 96**3  # voxels: about a second a step on two cores
EPOCHS, FEWEST_STEPS = 100, 2000  # the paper's epochs
VALIDATIONS = 20
AXES = "xyz"


def plan(experiment: Experiment, cases: Sequence[Case], *, compute: Compute) -> Experiment:
    """`experiment` with nothing left open, but what a budget of minutes decides.

    Spacing: each source's own where they agree, else their median (Isensee et al. 2021). Patch:
    the median working grid, its longest side cut until a step fits in memory. Scales:
    HU windows for CT, else what costs a perfect network least (`plan_scales`). Slices of a method
    in 2D: across the axis of the largest spacing.

    Args:
        experiment: Its settings that are None are filled.
        cases: The training cases.
        compute: Where it will run.

    Raises:
        ResourceError: Not even a small patch fits in memory.
    """
    grids = [read_grid(case.images[experiment.cohort.source[0]]) for case in cases]
    preparation = _plan_preparation(experiment, cases, grids)
    spacing = None if preparation.spacing_mm == "own" else preparation.spacing_mm
    working = [working_grid(grid, spacing_mm=spacing) for grid in grids]
    shapes = [grid.shape for grid in working]
    settings = _plan_method(experiment.method_settings, working)
    chosen = replace(experiment, preparation=preparation, method_settings=settings)
    return replace(chosen, training=_plan_training(chosen, shapes, len(cases), compute))


def lasting(settings: TrainingSettings, steps: int) -> TrainingSettings:
    """`settings` of so many steps, validated as often as they say or some times over the run."""
    every = settings.validate_every or max(1, steps // VALIDATIONS)
    return replace(settings, steps=steps, epochs=None, validate_every=every)


def _plan_preparation(
    experiment: Experiment, cases: Sequence[Case], grids: Sequence[Grid]
) -> PreparationSettings:
    given = experiment.preparation
    scales = plan_scales(given, cohort=experiment.cohort, cases=cases)
    return replace(scales.settings, spacing_mm=given.spacing_mm or _plan_spacing(grids))


def _plan_spacing(grids: Sequence[Grid]) -> Spacing | Literal["own"]:
    if shared_spacing(grids):
        return "own"
    spacings = [working_grid(grid, spacing_mm=None).spacing_mm for grid in grids]
    x, y, z = (round(float(step), 3) for step in np.median(spacings, axis=0))
    return x, y, z


def _plan_method(given: Mapping[str, Any], grids: Sequence[Grid]) -> dict[str, Any]:
    if given.get("slice_axis", AXES) is not None:  # chosen, or not in slices at all
        return dict(given)
    spacing = np.median([grid.spacing_mm for grid in grids], axis=0)
    thickest = max(range(len(AXES)), key=lambda axis: (spacing[axis], axis))  # z where all are one
    return {**given, "slice_axis": AXES[thickest]}


def _plan_training(
    experiment: Experiment, shapes: Sequence[Sizes], cases: int, compute: Compute
) -> TrainingSettings:
    given, sources = experiment.training, len(experiment.cohort.source)
    method = build_method(experiment.method, experiment.method_settings, sources=sources)
    ema = method.average_decay if given.ema is None else given.ema
    planned = replace(given, batch=given.batch or 1, ema=ema)
    if planned.patch is None:
        patch = _plan_patch(replace(experiment, training=planned), shapes, compute)
        planned = replace(planned, patch=patch)
    if given.minutes and given.steps is None:
        return planned
    batch, steps = planned.batch or 1, given.steps
    if steps is None and given.epochs is not None:
        steps = math.ceil(given.epochs * cases / batch)
    return lasting(planned, steps or max(FEWEST_STEPS, math.ceil(EPOCHS * cases / batch)))


def _plan_patch(experiment: Experiment, shapes: Sequence[Sizes], compute: Compute) -> Sizes:
    """The median working grid, its longest side cut again and again until a step fits."""
    patches = max(1, (experiment.training.batch or 1) // experiment.training.accumulate)
    room = MEMORY_SHARE * free_memory_bytes(compute.device)
    median = np.median(np.array(shapes), axis=0)
    sides = [math.ceil(size / SIZE_STEP) * SIZE_STEP for size in median]
    while compute.device == "cpu" and math.prod(sides) > LARGEST_CPU_PATCH:
        sides[int(np.argmax(sides))] -= SIZE_STEP
    while True:
        patch = (sides[0], sides[1], sides[2])
        if step_bytes(experiment, patch, patches=patches, compute=compute) <= room:
            return patch
        if max(sides) <= SMALLEST_PATCH:
            raise ResourceError("free memory holds no training patch; use a smaller method.width")
        sides[int(np.argmax(sides))] -= SIZE_STEP
